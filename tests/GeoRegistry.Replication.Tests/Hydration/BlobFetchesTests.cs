using GeoRegistry.Replication.Hydration;
using GeoRegistry.Repositories;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Hydration;

public sealed class BlobFetchesTests
{
    private readonly SampleBlob _blob = SampleBlob.Random(2, 600_000);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task OpenAsync_ManyReaders_ShareOneFetch()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        source.Send = SendWhenOpenedAsync;
        var hydration = region.Fetches.FetchAsync(_blob.Digest, _blob.SizeBytes, Us);
        var readers = Enumerable.Range(0, 10)
            .Select(async _ => await region.ReadAsync((await region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default))!))
            .ToList();
        _gate.SetResult();

        Assert.All(await Task.WhenAll(readers).OrFail("all readers"), read => Assert.Equal(_blob.Content, read));
        await hydration.OrFail("the fetch");
        Assert.Single(source.Requests);
    }

    [Fact]
    public async Task OpenAsync_ReadersLeave_TheFetchGoesOn()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        source.Send = SendWhenOpenedAsync;
        using var leaving = new CancellationTokenSource();
        var reader = (await region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, leaving.Token).OrFail("it is found"))!;
        var read = reader.ReadAsync(_blob.SizeBytes - 1, new byte[1], leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await reader.DisposeAsync();
        _gate.SetResult();

        await region.Fetches.Completions.WaitForAsync(1).OrFail("the blob is stored");
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
    }

    [Fact]
    public async Task OpenAsync_NowhereToBeFound_IsNullAndAskedAgainTheNextTime()
    {
        await using var source = await TestSource.StartAsync();
        await using var region = new HydratingRegion(source.Address);

        Assert.Null(await region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default).OrFail("the answer"));
        await Waiting.UntilAsync("it is asked again", async () =>
            await region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default) is null && source.Requests.Count >= 2);
    }

    [Fact]
    public async Task DisposeAsync_WhileAFetchRuns_EndsItAndItsReaders()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        source.Send = SendWhenOpenedAsync;
        var reader = (await region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default).OrFail("it is found"))!;
        var read = reader.ReadAsync(_blob.SizeBytes - 1, new byte[1]).AsTask();
        await region.Fetches.DisposeAsync().AsTask().OrFail("the fetches end");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.OrFail("the reader gets an error"));
        _gate.SetResult();
    }

    /// <summary>The stores are closed after this: nothing may use them then.</summary>
    [Fact]
    public async Task DisposeAsync_AFetchIsInTheStore_WaitsForIt()
    {
        using var inStore = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        region.Faulty.Before(StoreCall.Commit, () =>
        {
            inStore.Set();
            goOn.Wait(Waiting.DefaultTimeout);
        });
        var fetch = region.Fetches.FetchAsync(_blob.Digest, _blob.SizeBytes, Us);
        await Task.Run(() => inStore.Wait(Waiting.DefaultTimeout)).OrFail("it stores the blob");
        var ended = region.Fetches.DisposeAsync().AsTask();
        Assert.False(ended.IsCompleted);
        goOn.Set();

        await ended.OrFail("the fetches end");
        Assert.True(fetch.IsCompleted);
    }

    /// <summary>Whatever way a blob comes in, commits that awaited it are complete, a dead letter's too.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NoteStoredAsync_DeadLetterThatIsStored_IsGone(bool isDead)
    {
        await using var region = new HydratingRegion();
        await region.AwaitBlobAsync(_blob);
        await region.Metadata.DeferAsync(_blob.Digest, "nobody has it", isDead ? null : DateTimeOffset.MaxValue, countAttempt: true);
        await using (var upload = await region.Blobs.BeginUploadAsync("a-client"))
        {
            await upload.AppendAsync(_blob.Content);
            await upload.CommitAsync(_blob.Digest);
        }

        var complete = region.Fetches.Completions.WaitForAsync(1);
        await region.Fetches.NoteStoredAsync(_blob.Digest, default);

        await complete.OrFail("who waits for the commit looks again");
        Assert.Empty(await region.Metadata.ListAsync(isDead, 10));
        Assert.Empty(await region.Metadata.SummarizeAsync());
    }

    /// <summary>A mount may name a blob that only other regions have.</summary>
    [Fact]
    public async Task NoteStoredAsync_BlobIsNotHere_ChangesNothing()
    {
        await using var region = new HydratingRegion();
        await region.AwaitBlobAsync(_blob);

        await region.Fetches.NoteStoredAsync(_blob.Digest, default);

        Assert.Equal(_blob.Digest, (await region.JobAsync()).Digest);
    }

    [Fact]
    public async Task OpenAsync_StoreFails_SaysWhyAndToComeAgain()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        region.Faulty.FailAt(StoreCall.Begin);

        var refusal = await Assert.ThrowsAsync<RegionUnavailableException>(
            () => region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default).OrFail("the answer"));
        Assert.Contains("No space left on device", refusal.Message, StringComparison.Ordinal);
        region.Faulty.Heal();
        Assert.Equal(
            _blob.Content,
            await region.ReadAsync((await region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default).OrFail("the blob"))!)
                .OrFail("all of it"));
    }

    /// <summary>Only what is old, is a fetch's, and no fetch has resumed.</summary>
    [Fact]
    public async Task SweepAsync_Leftovers_DiscardsOldOnesOfFetchesThatDoNotRun()
    {
        var left = SampleBlob.Random(3, 1000);
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        source.Send = SendWhenOpenedAsync;
        foreach (var key in new[] { BlobFetch.KeyOf(left.Digest), "a-client" })
            await (await region.Blobs.BeginUploadAsync(key)).DisposeAsync();
        Assert.Equal(0, await region.Fetches.SweepAsync(default));
        var running = region.Fetches.FetchAsync(_blob.Digest, _blob.SizeBytes, Us);
        await Waiting.UntilAsync("the fetch has its upload", async () => (await region.UploadsAsync()).Count == 3);
        foreach (var key in await region.UploadsAsync()) region.AgeUpload(key, BlobFetches.LeftoverExpiry + TimeSpan.FromMinutes(10));
        Assert.Equal(1, await region.Fetches.SweepAsync(default));
        Assert.DoesNotContain(BlobFetch.KeyOf(left.Digest), await region.UploadsAsync());
        _gate.SetResult();

        Assert.IsType<FetchOutcome.Stored>(await running.OrFail("the fetch"));
        Assert.Equal(["a-client"], await region.UploadsAsync());
    }

    /// <summary>The whole sweep is as if before or after the fetch, also where the fetch begins in the middle of it.</summary>
    [Fact]
    public async Task SweepAsync_FetchBeginsInTheMiddle_WaitsForTheDiscard()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(clock, source.Address);
        await (await region.Blobs.BeginUploadAsync(BlobFetch.KeyOf(_blob.Digest))).DisposeAsync();
        clock.Advance(BlobFetches.LeftoverExpiry + TimeSpan.FromMinutes(10));
        Task<FetchOutcome>? running = null;
        region.Faulty.Before(StoreCall.Discard, () => running = region.Fetches.FetchAsync(_blob.Digest, _blob.SizeBytes, Us));

        Assert.Equal(1, await region.Fetches.SweepAsync(default));
        Assert.IsType<FetchOutcome.Stored>(await running!.OrFail("the fetch"));
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
    }

    private async Task SendWhenOpenedAsync(Microsoft.AspNetCore.Http.HttpContext http, ReadOnlyMemory<byte> rest)
    {
        await http.Response.Body.FlushAsync(); // The head.
        await _gate.Task;
        await TestSource.SendAsync(http, rest);
    }
}
