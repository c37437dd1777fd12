using GeoRegistry.Replication.Hydration;
using GeoRegistry.Repositories;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Http;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Hydration;

public sealed class BlobFetchTests
{
    private const int Half = 400_000;

    private readonly SampleBlob _blob = SampleBlob.Random(1, 2 * Half);

    [Fact]
    public async Task RunAsync_ConnectionBreaks_GoesOnWithTheRest()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        var fetch = region.Fetch(_blob);
        source.Send = async (http, rest) =>
        {
            source.Send = TestSource.SendAsync;
            await http.Response.Body.WriteAsync(rest[..Half]);
            await http.Response.Body.FlushAsync();
            await fetch.Available.WaitForAsync(Half).OrFail("half of it");
            http.Abort();
        };

        Assert.Equal(new FetchOutcome.Stored(2 * Half), await fetch.RunAsync([Us], default).OrFail("the fetch"));
        Assert.Equal([(_blob.Digest.ToString(), ""), (_blob.Digest.ToString(), $"bytes={Half}-")], source.Requests);
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
    }

    [Fact]
    public async Task RunAsync_WhatAnEarlierFetchLeft_IsTakenUp()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        using var stop = new CancellationTokenSource();
        var first = region.Fetch(_blob);
        source.Send = async (http, rest) =>
        {
            await http.Response.Body.WriteAsync(rest[..Half]);
            await http.Response.Body.FlushAsync();
            await first.Available.WaitForAsync(Half).OrFail("half of it");
            await stop.CancelAsync();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.RunAsync([Us], stop.Token).OrFail("the fetch ends"));
        source.Send = TestSource.SendAsync;

        Assert.Equal(new FetchOutcome.Stored(Half), await region.Fetch(_blob).RunAsync([Us], default).OrFail("the fetch"));
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
    }

    [Fact]
    public async Task RunAsync_WrongBytes_AreDiscardedAndNotShownWhole()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        source.Send = (http, rest) =>
        {
            var wrong = rest.ToArray();
            wrong[^1] ^= 1;
            return TestSource.SendAsync(http, wrong);
        };
        var fetch = region.Fetch(_blob);

        Assert.True(await fetch.RunAsync([Us], default).OrFail("the fetch") is FetchOutcome.Failed { IsBlobsFault: true });
        Assert.Null(await region.StoredAsync(_blob));
        Assert.Equal(_blob.SizeBytes - 1, fetch.Available.Position);
        await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => fetch.Available.WaitForAsync(_blob.SizeBytes));
        source.Send = TestSource.SendAsync;
        Assert.Equal(new FetchOutcome.Stored(_blob.SizeBytes), await region.Fetch(_blob).RunAsync([Us], default).OrFail("the second fetch"));
    }

    /// <summary>While the whole is there and not yet stored, a reader waits for the last byte.</summary>
    [Fact]
    public async Task ReadAsync_BeforeTheBlobIsStored_DoesNotGiveTheLastByte()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        var store = new GatedStore(region.Blobs);
        var fetch = region.Fetch(_blob, store);
        var running = fetch.RunAsync([Us], default);
        await store.Committing.OrFail("the commit");
        var reader = new FetchingReader(fetch);
        var all = region.ReadAsync(reader);
        var last = reader.ReadAsync(_blob.SizeBytes - 1, new byte[1]).AsTask();

        Assert.Equal(_blob.SizeBytes - 1, fetch.Available.Position);
        Assert.False(last.IsCompleted);
        Assert.False(all.IsCompleted);
        store.Open();
        Assert.Equal(1, await last.OrFail("the last byte"));
        Assert.Equal(_blob.Content, await all.OrFail("all of it"));
        await running.OrFail("the fetch");
    }

    [Fact]
    public async Task RunAsync_SourceStalls_GoesOnAfterItsPatience()
    {
        var clock = FakeClock.FromNow();
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        var fetch = region.Fetch(_blob, clock: clock);
        source.Send = async (http, rest) =>
        {
            source.Send = TestSource.SendAsync;
            await http.Response.Body.WriteAsync(rest[..Half]);
            await http.Response.Body.FlushAsync();
            var gone = new TaskCompletionSource();
            await using var leaving = http.RequestAborted.Register(gone.SetResult);
            await gone.Task;
        };
        var running = fetch.RunAsync([Us], default);
        await fetch.Available.WaitForAsync(Half).OrFail("half of it");
        await Waiting.UntilAsync("it goes on", () =>
        {
            clock.Advance(source.Requests.Count > 1 ? TimeSpan.Zero : TimeSpan.FromSeconds(5));
            return Task.FromResult(running.IsCompleted);
        });

        Assert.IsType<FetchOutcome.Stored>(await running);
        Assert.Equal($"bytes={Half}-", source.Requests.Last().Range);
    }

    [Fact]
    public async Task RunAsync_FirstRegionDoesNotHaveIt_AsksTheNext()
    {
        await using var without = await TestSource.StartAsync();
        await using var with = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(without.Address, with.Address);

        Assert.IsType<FetchOutcome.Stored>(await region.Fetch(_blob).RunAsync([Us, Ap], default).OrFail("the fetch"));
        Assert.Single(without.Requests);
    }

    [Fact]
    public async Task RunAsync_NoRegionHasIt_TellsSo()
    {
        await using var source = await TestSource.StartAsync();
        await using var region = new HydratingRegion(source.Address);
        var fetch = region.Fetch(_blob);

        Assert.IsType<FetchOutcome.Nowhere>(await fetch.RunAsync([Us], default).OrFail("the fetch"));
        Assert.False(await fetch.Found);
    }

    [Fact]
    public async Task RunAsync_RegionIsBusy_IsNotTheBlobsFault()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        source.Send = (http, rest) =>
        {
            source.Send = TestSource.SendAsync;
            http.Response.ContentLength = 0;
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        };

        Assert.IsType<FetchOutcome.Stored>(await region.Fetch(_blob).RunAsync([Us], default).OrFail("the fetch"));
        Assert.Equal(2, source.Requests.Count);
    }

    [Fact]
    public async Task RunAsync_EmptyBlob_IsStoredWithoutAsking()
    {
        var empty = SampleBlob.Of("");
        await using var source = await TestSource.StartAsync(empty);
        await using var region = new HydratingRegion(source.Address);

        Assert.IsType<FetchOutcome.Stored>(await region.Fetch(empty).RunAsync([Us], default).OrFail("the fetch"));
        Assert.True(await region.StoredAsync(empty) is { Length: 0 });
        Assert.Empty(source.Requests);
    }
}
