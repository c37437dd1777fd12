using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Tails;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Replication.Tests.Following;

/// <summary>Follows a home with a failure in one call to the stores, and watches all the way what must hold.</summary>
/// <param name="region">The region that follows.</param>
/// <param name="faults">The failure, or none.</param>
/// <param name="restarts">Whether its process ends at the failure, and another goes on.</param>
internal sealed class FaultyFollowing(FollowingRegion region, StoreFaults faults, bool restarts)
{
    /// <summary>How far the clock moves with each look.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    /// <summary>The tags of the repository, and what each names at home.</summary>
    private static readonly (string Tag, Digest? Digest)[] Names = [("v1", TestHome.Second.Digest), ("gone", null), ("only-here", null)];

    /// <summary>Runs until all is as at home and may be shown, and the failure was met.</summary>
    /// <param name="start">What is run in each process.</param>
    /// <param name="isDone">What must hold beside.</param>
    /// <returns>The process that runs at the end.</returns>
    public async Task<FollowingProcess> RunAsync(Action<FollowingProcess> start, Func<FollowingProcess, Task<bool>> isDone)
    {
        var process = region.Start(faults);
        foreach (var (tag, _) in Names) await process.ReadAsync(TestHome.AppName, tag); // So that it is in memory.
        start(process);
        if (restarts && faults.HasFault)
        {
            await UntilAsync(process, "the failure", _ => Task.FromResult(faults.Met.IsCompleted));
            await process.DisposeAsync();
            process = region.Start(faults);
            start(process);
        }

        await UntilAsync(
            process,
            "all is as at home after the failure",
            async running => (!faults.HasFault || faults.Met.IsCompleted) && await isDone(running));
        return process;
    }

    /// <summary>Whether the region has all of the home, and may show it alone.</summary>
    public static async Task<bool> ShowsAllAsync(FollowingProcess process)
    {
        if (process.State is not { Activity: TailActivity.Live, SetAside: 0 }) return false;
        foreach (var (tag, _) in Names)
        {
            if (!(await process.AnswerAsync(TestHome.AppName, tag)).IsAlone) return false;
        }

        return process.State.Applied.Position == process.State.Head;
    }

    private async Task UntilAsync(FollowingProcess process, string name, Func<FollowingProcess, Task<bool>> holds)
    {
        var before = -1;
        await Waiting.UntilAsync(name, async () =>
        {
            await CheckAsync(process);
            if (await holds(process)) return true;
            // As long as it goes on by itself, no time passes: so each run has the same steps.
            var steps = faults.Steps.Count;
            if (steps == before) region.Clock.Advance(Step);
            before = steps;
            return false;
        });
    }

    private async Task CheckAsync(FollowingProcess process)
    {
        var applied = process.State.Applied.Position;
        Assert.True(
            applied <= (await region.Metadata.ReadCursorAsync(TestTopology.Eu)).Position, "More is said to be applied than is on disk.");
        await region.AssertNothingIsPassedAsync();
        foreach (var (tag, digest) in Names)
        {
            var (isAlone, found) = await process.AnswerAsync(TestHome.AppName, tag);
            if (isAlone) Assert.Equal(digest, found);
        }

        foreach (var (position, blobs) in TestHome.BlobsOfApp)
        {
            var at = new FeedPosition(TestTopology.Eu, process.State.Incarnation, position);
            var state = await process.Completion.AwaitHereAsync(TestHome.AppName, at, image: null, TimeSpan.Zero, default);
            if (state == CompletionState.Complete) Assert.Equal(blobs.Count, (await region.Blobs.StatManyAsync(blobs)).Count);
        }
    }
}
