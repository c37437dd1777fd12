using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Writes;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Writes;

/// <summary>Source: RFC 9110 §13.1.1 and §13.1.2.</summary>
public sealed class PreconditionTests : IAsyncLifetime
{
    private static readonly Digest One = SampleBlob.Of("one").Digest, Two = SampleBlob.Of("two").Digest;

    private readonly TestRegion _region = new();
    private readonly TestProcess _process;

    public PreconditionTests() => _process = _region.Start();

    private static Precondition Missing => Precondition.None with { Missing = true };

    private static Precondition Exists => Precondition.None with { Exists = true };

    private static Precondition Match(params string[] digests) => Precondition.None with { AnyOf = digests };

    private static Precondition NoneMatch(params string[] digests) => Precondition.None with { NoneOf = digests };

    [Fact]
    public void Holds_EachCondition_IsTrueExactlyWhereItSays()
    {
        Assert.True(Precondition.None.Holds(null) && Precondition.None.Holds(One));
        Assert.True(Exists.Holds(One) && !Exists.Holds(null));
        Assert.True(Missing.Holds(null) && !Missing.Holds(One));
        Assert.True(Match($"{One}").Holds(One) && !Match($"{One}").Holds(Two) && !Match($"{One}").Holds(null) && !Match().Holds(One));
        Assert.True(
            NoneMatch($"{One}").Holds(Two) && !NoneMatch($"{One}").Holds(One)
            && NoneMatch($"{One}").Holds(null) && NoneMatch().Holds(One));
        Assert.True(Match($"{Two}", $"{One}").Holds(One) && !NoneMatch($"{Two}", $"{One}").Holds(One));
        Assert.False((Match($"{One}") with { Missing = true }).Holds(One));
    }

    [Fact]
    public async Task PutManifestAsync_TagMustBeMissingAndIs_IsTakenOnce()
    {
        var (a, b) = (await _process.PushImageAsync("a"), await _process.PushImageAsync("b"));

        TestProcess.Committed(await _process.PutAsync(a, Missing, "v1"));
        var error = TestProcess.Refused(await _process.PutAsync(b, Missing, "v1"));

        Assert.Equal((ErrorCode.Denied, 412, a.Digest.ToString()), (error.Code, error.Status, error.Detail["digest"]));
        Assert.Equal(a.Digest, await _process.ReadAsync("v1"));
    }

    [Fact]
    public async Task PutManifestAsync_TagMustNameADigest_IsTakenWhereItDoes()
    {
        var (a, b) = (await _process.PushImageAsync("a", "v1"), await _process.PushImageAsync("b"));

        Assert.Equal(412, TestProcess.Refused(await _process.PutAsync(b, Match($"{b.Digest}"), "v1")).Status);
        TestProcess.Committed(await _process.PutAsync(b, Match($"{a.Digest}"), "v1"));

        Assert.Equal(b.Digest, await _process.ReadAsync("v1"));
        Assert.Equal(412, TestProcess.Refused(await _process.PutAsync(a, Match($"{a.Digest}"), "v1")).Status);
        Assert.Equal(412, TestProcess.Refused(await _process.PutAsync(a, Exists, "other")).Status);
    }

    [Fact]
    public async Task PutManifestAsync_ConditionFailsForOneOfSeveralTags_ChangesNone()
    {
        await _process.PushImageAsync("a", "taken");
        var b = await _process.PushImageAsync("b");
        var head = await _process.ReadHeadAsync();

        Assert.Equal(412, TestProcess.Refused(await _process.PutAsync(b, Missing, "free", "taken")).Status);

        Assert.Null(await _process.ReadAsync("free"));
        Assert.Equal(head, await _process.ReadHeadAsync());
    }

    [Fact]
    public async Task PutManifestAsync_NoTags_TheConditionIsOnTheManifest()
    {
        var a = await _process.PushImageAsync("a");

        Assert.Equal(412, TestProcess.Refused(await _process.PutAsync(a, Missing)).Status);
        TestProcess.Committed(await _process.PutAsync(a, Exists));
    }

    [Fact]
    public async Task DeleteAsync_TagMovedMeanwhile_IsRefusedAndNamesTheCurrentDigest()
    {
        var (a, b) = (await _process.PushImageAsync("a", "v1"), await _process.PushImageAsync("b", "v1"));

        var error = TestProcess.Refused(await _process.DeleteAsync("v1", Match($"{a.Digest}")));

        Assert.Equal((412, b.Digest.ToString()), (error.Status, error.Detail["digest"]));
        Assert.Equal(b.Digest, await _process.ReadAsync("v1"));
        TestProcess.Committed(await _process.DeleteAsync("v1", Match($"{b.Digest}")));
    }

    [Fact]
    public async Task PutManifestAsync_ManyWantATagThatIsMissing_ExactlyOneGetsIt()
    {
        var images = new List<Protocol.Manifests.Manifest>();
        for (var i = 0; i < 8; i++) images.Add(await _process.PushImageAsync($"image {i}"));

        var outcomes = await Task.WhenAll(images.Select(image => Task.Run(() => _process.PutAsync(image, Missing, "v1"))))
            .OrFail("the last push");

        var winner = Array.FindIndex(outcomes, outcome => outcome is WriteOutcome.Committed);
        Assert.Equal(7, outcomes.Count(outcome => outcome is WriteOutcome.Refused));
        Assert.Equal(images[winner].Digest, await _process.ReadAsync("v1"));
        Assert.All(
            outcomes.OfType<WriteOutcome.Refused>(),
            refused => Assert.Equal(images[winner].Digest.ToString(), refused.Errors[0].Detail["digest"]));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();
}
