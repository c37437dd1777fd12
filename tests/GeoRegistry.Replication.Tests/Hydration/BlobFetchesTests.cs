using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
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
        var hydration = region.Fetches.FetchAsync(_blob.Digest, _blob.SizeBytes, Us, 0);
        var readers = Enumerable.Range(0, 10).Select(async _ => await region.ReadAsync((await region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default))!)).ToList();
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
    public async Task Dispose_WhileAFetchRuns_EndsItAndItsReaders()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        source.Send = SendWhenOpenedAsync;
        var reader = (await region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default).OrFail("it is found"))!;
        var read = reader.ReadAsync(_blob.SizeBytes - 1, new byte[1]).AsTask();
        region.Fetches.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.OrFail("the reader is let down"));
        _gate.SetResult();
    }

    /// <summary>Those who wait for their turn are told too, else they would wait for ever.</summary>
    [Fact]
    public async Task Dispose_WhileAFetchWaitsForItsTurn_EndsItsReaders()
    {
        var blobs = Enumerable.Range(0, 65).Select(i => SampleBlob.Random(100 + i, 1000)).ToList();
        await using var source = await TestSource.StartAsync(blobs);
        await using var region = new HydratingRegion(source.Address);
        source.Send = SendWhenOpenedAsync;
        var opened = blobs.Take(64).Select(blob => region.Fetches.OpenAsync(blob.Digest, blob.SizeBytes, default)).ToList();
        await Task.WhenAll(opened).OrFail("all turns are taken");
        var waits = region.Fetches.OpenAsync(blobs[64].Digest, blobs[64].SizeBytes, default);
        Assert.False(waits.IsCompleted);
        region.Fetches.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits.OrFail("the reader is let down"));
        _gate.SetResult();
    }

    private async Task SendWhenOpenedAsync(Microsoft.AspNetCore.Http.HttpContext http, ReadOnlyMemory<byte> rest)
    {
        await http.Response.Body.FlushAsync(); // The head.
        await _gate.Task;
        await TestSource.SendAsync(http, rest);
    }
}
