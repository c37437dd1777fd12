using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>
/// Hydration whose region fails at each call to its stores: nothing is called complete whose blobs are not here whole, and in the end
/// all is.
/// </summary>
public sealed class CompletionFaultTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly SampleBlob Layer = SampleBlob.Of("layer");
    private static readonly IReadOnlyList<SampleBlob> All = [Layer, SampleManifests.ConfigOf("first"), SampleManifests.ConfigOf("second")];

    [Theory]
    [MemberData(nameof(EachStep.WaysOfServices), MemberType = typeof(EachStep))]
    public async Task Hydration_FailsAtEachStep_CompletesWhatIsHereWhole(InjectedFault fault, bool restarts)
    {
        await using var home = await TestHome.StartAsync();
        await EachStep.FailAsync(fault, faults => HydrateAsync(home, faults, restarts), output,
            nameof(IHydrationQueue.ReadReadyAsync), "Blob.Append", "Blob.Commit", "Blob.Discard",
            nameof(IHydrationQueue.CompleteAsync), nameof(IHydrationQueue.DeferAsync));
    }

    private static async Task HydrateAsync(TestHome home, StoreFaults faults, bool restarts)
    {
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        await region.ApplyAsync(home.Feed.Count);
        var damages = 1; // The first copy of the layer arrives damaged, and is deferred.
        home.Source.Send = (http, rest) => rest.Span.SequenceEqual(Layer.Content) && Interlocked.Decrement(ref damages) >= 0
            ? TestSource.SendDamagedAsync(http, rest) : TestSource.SendAsync(http, rest);
        var process = await StartAsync(region, faults);
        try
        {
            var waits = WaitForAll(process);
            if (restarts && faults.HasFault)
            {
                await UntilAsync("the failure", _ => faults.Met.IsCompleted);
                await process.DisposeAsync();
                process = await StartAsync(region, faults);
                waits = WaitForAll(process);
            }

            await UntilAsync(
                "all is complete after the failure, and those who wait are told",
                isComplete => isComplete && waits.TrueForAll(wait => wait.IsCompleted) && (!faults.HasFault || faults.Met.IsCompleted));
            faults.ArePaused = true;
            foreach (var wait in waits) Assert.Equal(CompletionState.Complete, await wait);
            Assert.Empty(await region.Metadata.SummarizeAsync());
            Assert.Empty(await region.Metadata.SummarizeRepositoriesAsync(null, 10));
            Assert.Empty(await region.Metadata.ListAsync(dead: true, 10));
            Assert.Empty(await region.Blobs.ListUploadsAsync().ToListAsync());
            foreach (var blob in All) Assert.Equal(blob.Content, await ReadAsync(region, blob.Digest));
        }
        finally
        {
            await process.DisposeAsync();
        }

        async Task UntilAsync(string name, Func<bool, bool> holds)
        {
            var before = -1;
            await Waiting.UntilAsync(name, async () =>
            {
                if (holds(await AreCompleteAsync(region, process))) return true;
                var steps = faults.Steps.Count;
                if (steps == before) region.Clock.Advance(Step);
                before = steps;
                return false;
            });
        }
    }

    private static async Task<FollowingProcess> StartAsync(FollowingRegion region, StoreFaults faults)
    {
        var process = region.Start(faults);
        process.State.Begin(await region.Metadata.ReadCursorAsync(Eu));
        process.Application.SetAside(Eu, []);
        process.Hydrate();
        return process;
    }

    private static List<Task<CompletionState>> WaitForAll(FollowingProcess process) => [.. TestHome.BlobsOfApp.Select(commit =>
        process.Completion.AwaitHereAsync(
            TestHome.AppName, PositionOf(process, commit.Position), image: null, TimeSpan.FromHours(1), process.Stopping))];

    /// <summary>Whether all commits are complete; what says so of one must be true.</summary>
    private static async Task<bool> AreCompleteAsync(FollowingRegion region, FollowingProcess process)
    {
        var complete = 0;
        foreach (var (number, blobs) in TestHome.BlobsOfApp)
        {
            var state = await process.Completion.AwaitHereAsync(
                TestHome.AppName, PositionOf(process, number), image: null, TimeSpan.Zero, default);
            var isQueueEmpty = await region.Metadata.IsCompleteAsync(LedgerId.Of(TestHome.AppName), Eu, number);
            if (state != CompletionState.Complete && !isQueueEmpty) continue;
            foreach (var digest in blobs) Assert.Equal(digest, Digest.Of(Assert.IsType<byte[]>(await ReadAsync(region, digest))));
            if (state == CompletionState.Complete) complete++;
        }

        return complete == TestHome.BlobsOfApp.Count;
    }

    private static FeedPosition PositionOf(FollowingProcess process, long number) => new(Eu, process.State.Incarnation, number);

    private static async Task<byte[]?> ReadAsync(FollowingRegion region, Digest digest)
    {
        if (await region.Blobs.OpenAsync(digest) is not { } reader) return null;
        await using (reader)
        {
            var content = new byte[reader.SizeBytes];
            Assert.Equal(content.Length, await reader.ReadAsync(0, content));
            return content;
        }
    }
}
