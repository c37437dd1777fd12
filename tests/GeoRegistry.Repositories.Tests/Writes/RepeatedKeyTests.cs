using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories.Writes;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Writes;

/// <summary>A key counts for one write: the same again gets the first outcome, and another under it is done.</summary>
public sealed class RepeatedKeyTests : IAsyncLifetime
{
    private static readonly WriteOrigin Origin = new("tests", Id: WriteId.OfKey("release-1.2"));
    private static readonly Manifest First = SampleManifests.Image("first"), Second = SampleManifests.Image("second");

    private readonly TestRegion _region = new();
    private readonly TestProcess _process;

    public RepeatedKeyTests() => _process = _region.Start();

    [Fact]
    public async Task PutManifestAsync_AnotherManifestUnderAUsedKey_IsDone()
    {
        var first = await PutAsync(First, "1");

        Assert.NotEqual(first, await PutAsync(Second, "1"));

        Assert.Equal(Second.Digest, await _process.ReadAsync("1"));
    }

    [Fact]
    public async Task PutManifestAsync_AnotherTagUnderAUsedKey_IsDone()
    {
        await PutAsync(First, "1");

        await PutAsync(First, "2");
        await PutAsync(First, "1", "3");
        await PutAsync(First);

        foreach (var tag in new[] { "1", "2", "3" }) Assert.Equal(First.Digest, await _process.ReadAsync(tag));
    }

    [Fact]
    public async Task PutManifestAsync_TheSameUnderAUsedKey_GetsTheFirstOutcomeAfterOtherWritesUnderIt()
    {
        var first = await PutAsync(First, "1");
        await PutAsync(Second, "1");

        Assert.Equal(first, await PutAsync(First, "1"));

        Assert.Equal(Second.Digest, await _process.ReadAsync("1"));
    }

    [Fact]
    public async Task DeleteAsync_KeyOfAPush_IsDone()
    {
        await PutAsync(First, "1");

        TestProcess.Committed(await DeleteAsync(Reference.To(Tag.Parse("1"))));
        TestProcess.Committed(await DeleteAsync(Reference.To(First.Digest)));
        Digest[] blobs = [SampleManifests.ConfigOf("first").Digest, SampleManifests.ConfigOf("second").Digest];
        foreach (var blob in blobs) TestProcess.Committed(await _process.Repository.DeleteBlobAsync(new DeleteBlob(blob, Origin)));

        Assert.Null(await _process.ReadAsync("1"));
        Assert.Null(await _process.ReadAsync($"{First.Digest}"));
        foreach (var blob in blobs) Assert.Null(await _region.Metadata.FindBlobAsync(TestProcess.Name, blob));
    }

    public async Task InitializeAsync()
    {
        foreach (var name in new[] { "first", "second" }) await _process.PushBlobAsync(SampleManifests.ConfigOf(name));
    }

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();

    private async Task<WriteOutcome> PutAsync(Manifest manifest, params IReadOnlyList<string> tags)
    {
        var outcome = await _process.Repository.PutManifestAsync(
            new PutManifest(manifest, [.. tags.Select(Tag.Parse)], Precondition.None, Origin));
        TestProcess.Committed(outcome);
        return outcome;
    }

    private Task<WriteOutcome> DeleteAsync(Reference reference) =>
        _process.Repository.DeleteAsync(new DeleteReference(reference, Precondition.None, Origin));
}
