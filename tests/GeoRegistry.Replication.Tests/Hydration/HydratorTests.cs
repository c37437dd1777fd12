using GeoRegistry.Ledgers.Commits;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.Replication.Tests.Hydration;

public sealed class HydratorTests
{
    private const string Nowhere = "http://127.0.0.1:2";

    private readonly List<SampleBlob> _blobs = [.. Enumerable.Range(0, 5).Select(i => SampleBlob.Random(10 + i, 1000))];

    [Fact]
    public async Task RunAsync_QueuedBlobs_ComeTheNewestFirst()
    {
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(source.Address);
        region.Options.HydrationParallelism = 1;
        foreach (var blob in _blobs) await region.AwaitBlobAsync(blob);
        region.Hydrate();
        await region.Fetches.Completions.WaitForAsync(_blobs.Count).OrFail("all blobs are stored");

        Assert.Equal(Enumerable.Reverse(_blobs).Select(blob => blob.Digest.ToString()), source.Requests.Select(request => request.Digest));
        Assert.Empty(await region.Metadata.SummarizeAsync());
    }

    [Fact]
    public async Task RunAsync_ManyBlobs_FetchesNoMoreAtOnceThanAllowed()
    {
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(source.Address);
        region.Options.HydrationParallelism = 2;
        using var gate = new SemaphoreSlim(0);
        source.Send = async (http, rest) =>
        {
            await gate.WaitAsync();
            await TestSource.SendAsync(http, rest);
        };
        foreach (var blob in _blobs) await region.AwaitBlobAsync(blob);
        region.Hydrate();
        await Waiting.UntilAsync("two fetches", () => Task.FromResult(source.Requests.Count == 2));
        gate.Release(_blobs.Count);
        await region.Fetches.Completions.WaitForAsync(_blobs.Count).OrFail("all blobs are stored");

        Assert.Equal(2, source.MostInside);
    }

    [Fact]
    public async Task RunAsync_WokenWhileItWaits_FetchesAtOnce()
    {
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(source.Address);
        region.Hydrate();
        await region.AwaitBlobAsync(_blobs[0]);
        region.Hydrator.Wake();

        await region.Fetches.Completions.WaitForAsync(1).OrFail("the blob is stored");
    }

    [Fact]
    public async Task RunAsync_RegionsCannotBeReached_CountsNoAttempt()
    {
        await using var region = new HydratingRegion(Nowhere);
        await region.AwaitBlobAsync(_blobs[0]);
        region.Hydrate();
        await Waiting.UntilAsync("it was deferred", async () => (await region.Metadata.ListAsync(dead: false, 1))[0].Error is not null);

        Assert.Equal(0, (await region.Metadata.ListAsync(dead: false, 1))[0].Attempts);
    }

    [Fact]
    public async Task RunAsync_NoRegionHasIt_IsADeadLetterAfterTheGivenAttempts()
    {
        await using var source = await TestSource.StartAsync();
        await using var region = new HydratingRegion(source.Address);
        region.Options.HydrationAttempts = 2;
        await region.AwaitBlobAsync(_blobs[0]);
        region.Hydrate();
        await Waiting.UntilAsync("it is a dead letter", async () => (await region.Metadata.ListAsync(dead: true, 1)).Count == 1);

        var dead = (await region.Metadata.ListAsync(dead: true, 1))[0];
        Assert.Equal((2, "none of the regions us has it"), (dead.Attempts, dead.Error));
        Assert.Equal(2, source.Requests.Count);
    }

    /// <summary>It is nowhere any more, and nothing needs it.</summary>
    [Fact]
    public async Task RunAsync_BlobWasDeletedWhileItWasAwaited_EndsWhatAwaitsIt()
    {
        await using var source = await TestSource.StartAsync();
        await using var region = new HydratingRegion(source.Address);
        await region.AwaitBlobAsync(_blobs[0]);
        await region.Ledger.AppendAsync(new Operation.BlobDeleted(_blobs[0].Digest));

        region.Hydrate();
        await region.Fetches.Completions.WaitForAsync(1).OrFail("nothing awaits the blob");

        Assert.Empty(await region.Metadata.SummarizeAsync());
        Assert.Single(source.Requests);
    }

    /// <summary>A region with a damaged copy does not keep the blob from being fetched from one with an intact copy.</summary>
    [Fact]
    public async Task RunAsync_FirstRegionHasItDamaged_GetsItFromTheOther()
    {
        await using var damaged = await TestSource.StartAsync(_blobs[0]);
        await using var whole = await TestSource.StartAsync(_blobs[0]);
        await using var region = new HydratingRegion(damaged.Address, whole.Address);
        damaged.Send = TestSource.SendDamagedAsync;
        region.Options.HydrationAttempts = 1;
        await region.AwaitBlobAsync(_blobs[0]);
        region.Hydrate();
        await region.Fetches.Completions.WaitForAsync(1).OrFail("the blob is stored");

        Assert.Equal(_blobs[0].Content, await region.StoredAsync(_blobs[0]));
    }

    /// <summary>
    /// A full disk is no blob's fault: nothing is counted, one line is logged for all blobs, and all come when there is
    /// space.
    /// </summary>
    [Theory]
    [InlineData(StoreCall.Find)]
    [InlineData(StoreCall.Begin)]
    [InlineData(StoreCall.Append)]
    [InlineData(StoreCall.Commit)]
    public async Task RunAsync_StoreFails_BlamesNoBlobAndGoesOnWhenItWorks(StoreCall call)
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(clock, source.Address);
        region.Options.HydrationAttempts = 1;
        region.Faulty.FailAt(call);
        foreach (var blob in _blobs) await region.AwaitBlobAsync(blob);
        region.Hydrate();
        await Waiting.UntilAsync("every blob was tried, and hydration pauses longer and longer", async () =>
        {
            if (region.Fetches.Pause.Remaining > TimeSpan.FromSeconds(10)
                && (await region.Metadata.ListAsync(dead: false, 10)).All(job => job.Error is not null))
            {
                return true;
            }

            clock.Advance(TimeSpan.FromSeconds(1));
            return false;
        });
        Assert.Empty(await region.Metadata.ListAsync(dead: true, 10));
        Assert.All(
            await region.Metadata.ListAsync(dead: false, 10),
            job => Assert.Equal((0, true), (job.Attempts, job.Error!.Contains("No space left on device", StringComparison.Ordinal))));
        Assert.Contains("No space left on device", Assert.Single(region.Log.Lines).Text, StringComparison.Ordinal);
        await Waiting.UntilAsync("the last attempt has left no upload", async () => (await region.UploadsAsync()).Count == 0);

        region.Faulty.Heal();
        await region.Metadata.RetryAsync(null);
        region.Hydrator.RetryNow(); // Though the pause is not over.
        await Waiting.UntilAsync("no blob is awaited", async () => (await region.Metadata.ListAsync(dead: false, 10)).Count == 0);
        foreach (var blob in _blobs) Assert.Equal(blob.Content, await region.StoredAsync(blob));
        await Waiting.UntilAsync("it is said that the store works again", () => Task.FromResult(region.Log.Lines.Count > 1));
        Assert.Equal([LogLevel.Error, LogLevel.Information], region.Log.Lines.Select(line => line.Level));
    }

    /// <summary>Newer blobs that fail and fail again do not hold up older ones.</summary>
    [Fact]
    public async Task RunAsync_NewerBlobsFail_OlderOnesComeAllTheSame()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var source = await TestSource.StartAsync(_blobs[0]);
        await using var region = new HydratingRegion(clock, source.Address);
        (region.Options.HydrationParallelism, region.Options.HydrationAttempts) = (1, 1000);
        foreach (var blob in _blobs) await region.AwaitBlobAsync(blob);
        region.Hydrate();
        var stored = region.Fetches.Completions.WaitForAsync(1);

        await Waiting.UntilAsync("the oldest blob is stored", () =>
        {
            if (!stored.IsCompleted) clock.Advance(TimeSpan.FromMinutes(10)); // All that was deferred is due.
            return Task.FromResult(stored.IsCompleted);
        });
        Assert.Equal(_blobs[0].Content, await region.StoredAsync(_blobs[0]));
    }

    [Fact]
    public async Task RetryAsync_OfAll_FetchesWhatWasDeferred()
    {
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(source.Address);
        await region.AwaitBlobAsync(_blobs[0]);
        await region.AwaitBlobAsync(_blobs[1]);
        await region.Metadata.DeferAsync(_blobs[0].Digest, "later", DateTimeOffset.UtcNow.AddHours(1), countAttempt: true);
        await region.Metadata.DeferAsync(_blobs[1].Digest, "never", null, countAttempt: true);
        region.Hydrate();

        Assert.Equal(2, await region.Metadata.RetryAsync(null));
        region.Hydrator.RetryNow();
        await region.Fetches.Completions.WaitForAsync(2).OrFail("both blobs are stored");
    }
}
