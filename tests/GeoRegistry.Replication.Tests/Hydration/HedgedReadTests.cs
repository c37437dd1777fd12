using GeoRegistry.Replication.Peers;
using GeoRegistry.Resilience;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>A second region is asked for a blob that a client waits for where the first is slow, and seldom enough.</summary>
public sealed class HedgedReadTests
{
    private static readonly TimeSpan HedgeDelay = new PeerOptions().HedgeDelay;

    private readonly CountingTimeProvider _clock = new();
    private readonly List<SampleBlob> _blobs = [.. Enumerable.Range(0, 40).Select(i => SampleBlob.Random(3000 + i, 1000))];

    [Fact]
    public async Task OpenAsync_FirstRegionIsSlowToAnswer_ComesFromTheSecondAndTheFirstIsCancelled()
    {
        await using var slow = await TestSource.StartAsync(_blobs);
        await using var quick = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(_clock, slow.Address, quick.Address);
        var asked = Hang(slow);
        var opening = region.Fetches.OpenAsync(_blobs[0].Digest, _blobs[0].SizeBytes, default);
        await asked.OrFail("the request to the first region");
        Assert.Empty(quick.Requests);
        _clock.Advance(HedgeDelay);

        await using var reader = await opening.OrFail("the blob");

        Assert.Equal(_blobs[0].Content, await region.ReadAsync(reader!));
        await Waiting.UntilAsync("the first region's request is cancelled", () => Task.FromResult(slow.Aborted.Count == 1));
        Assert.Single(quick.Requests);
    }

    [Fact]
    public async Task OpenAsync_FirstRegionAnswersInTime_NoOtherIsAsked()
    {
        await using var first = await TestSource.StartAsync(_blobs);
        await using var second = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(_clock, first.Address, second.Address);

        foreach (var blob in _blobs)
            await using (await region.Fetches.OpenAsync(blob.Digest, blob.SizeBytes, default).OrFail("the blob"))
                _clock.Advance(HedgeDelay);

        Assert.Empty(second.Requests);
    }

    /// <summary>The second region does not have it: that says nothing, and the first is waited for.</summary>
    [Fact]
    public async Task OpenAsync_SecondRegionDoesNotHaveIt_ComesFromTheFirst()
    {
        await using var slow = await TestSource.StartAsync(_blobs);
        await using var quick = await TestSource.StartAsync();
        await using var region = new HydratingRegion(_clock, slow.Address, quick.Address);
        var answering = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        slow.Send = async (http, rest) =>
        {
            asked.TrySetResult();
            await answering.Task;
            await TestSource.SendAsync(http, rest);
        };
        var opening = region.Fetches.OpenAsync(_blobs[0].Digest, _blobs[0].SizeBytes, default);
        await asked.Task.OrFail("the request to the first region");
        _clock.Advance(HedgeDelay);
        await Waiting.UntilAsync("the second region is asked", () => Task.FromResult(quick.Requests.Count == 1));
        answering.SetResult();

        await using var reader = await opening.OrFail("the blob");

        Assert.Equal(_blobs[0].Content, await region.ReadAsync(reader!));
    }

    /// <summary>Where every request is slow, a second region gets a tenth of them and what was saved up, and not all.</summary>
    [Fact]
    public async Task OpenAsync_AllAreSlow_FewAreHedged()
    {
        await using var slow = await TestSource.StartAsync(_blobs);
        await using var other = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(_clock, slow.Address, other.Address);
        var answering = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        slow.Send = async (http, rest) =>
        {
            await Task.WhenAny(answering.Task, http.RequestAborted.Ended());
            if (!http.RequestAborted.IsCancellationRequested) await TestSource.SendAsync(http, rest);
        };
        other.Send = slow.Send;
        var opening = _blobs.Select(blob => region.Fetches.OpenAsync(blob.Digest, blob.SizeBytes, default)).ToList();
        await Waiting.UntilAsync("all wait for the first region",
            () => Task.FromResult(slow.Requests.Count == _blobs.Count && _clock.ActiveTimers >= 2 * _blobs.Count));
        _clock.Advance(HedgeDelay);

        await Waiting.UntilAsync("some are hedged", () => Task.FromResult(other.Requests.Count >= HedgeBudget.MaxSaved));
        answering.SetResult();
        Assert.All(await Task.WhenAll(opening).OrFail("all blobs"), Assert.NotNull);
        Assert.InRange(other.Requests.Count, HedgeBudget.MaxSaved, HedgeBudget.MaxSaved + (_blobs.Count / HedgeBudget.RequestsForOne));
    }

    [Fact]
    public void TryTake_MoreThanWasSavedUp_IsOneForTenRequests()
    {
        var budget = new HedgeBudget();
        Assert.All(Enumerable.Range(0, HedgeBudget.MaxSaved), _ => Assert.True(budget.TryTake()));
        Assert.False(budget.TryTake());

        for (var request = 0; request < HedgeBudget.RequestsForOne; request++) budget.Earn();

        Assert.Equal((true, false), (budget.TryTake(), budget.TryTake()));
    }

    private static Task Hang(TestSource source)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.Send = (http, _) =>
        {
            asked.TrySetResult();
            return http.RequestAborted.Ended();
        };
        return asked.Task;
    }
}
