using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using GeoRegistry.Resilience;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
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
            await fetch.Copy.Available.WaitForAsync(Half).OrFail("half of it");
            http.Abort();
        };

        Assert.Equal(new FetchOutcome.Stored(2 * Half), await fetch.RunAsync([Us], default).OrFail("the fetch"));
        Assert.Equal([(_blob.Digest.ToString(), ""), (_blob.Digest.ToString(), $"bytes={Half}-")], source.Requests);
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
    }

    [Fact]
    public async Task RunAsync_WhatAnEarlierFetchLeft_IsResumed()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        using var stop = new CancellationTokenSource();
        var first = region.Fetch(_blob);
        source.Send = async (http, rest) =>
        {
            await http.Response.Body.WriteAsync(rest[..Half]);
            await http.Response.Body.FlushAsync();
            await first.Copy.Available.WaitForAsync(Half).OrFail("half of it");
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

        var bad = fetch.Copy;
        Assert.True(await fetch.RunAsync([Us], default).OrFail("the fetch") is FetchOutcome.Failed { Fault: FetchFault.Copies });
        Assert.Null(await region.StoredAsync(_blob));
        Assert.Equal(_blob.SizeBytes - 1, bad.Available.Position);
        await Assert.ThrowsAsync<DamagedCopyException>(() => bad.Available.WaitForAsync(_blob.SizeBytes));
        await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => fetch.Copy.Available.WaitForAsync(1));
        source.Send = TestSource.SendAsync;
        Assert.Equal(
            new FetchOutcome.Stored(_blob.SizeBytes), await region.Fetch(_blob).RunAsync([Us], default).OrFail("the second fetch"));
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

        Assert.Equal(_blob.SizeBytes - 1, fetch.Copy.Available.Position);
        Assert.False(last.IsCompleted);
        Assert.False(all.IsCompleted);
        store.Open();
        Assert.Equal(1, await last.OrFail("the last byte"));
        Assert.Equal(_blob.Content, await all.OrFail("all of it"));
        await running.OrFail("the fetch");
    }

    [Fact]
    public async Task RunAsync_SourceStallsInTheMiddle_GoesOnFromTheNextRegionAfterTheTimeout()
    {
        var clock = new CountingTimeProvider();
        await using var stalling = await TestSource.StartAsync(_blob);
        await using var whole = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(stalling.Address, whole.Address);
        var fetch = region.Fetch(_blob, clock: clock);
        stalling.Send = async (http, rest) =>
        {
            await http.Response.Body.WriteAsync(rest[..Half]);
            await http.Response.Body.FlushAsync();
            await http.RequestAborted.Ended();
        };
        var running = fetch.RunAsync([Us, Ap], default);
        await fetch.Copy.Available.WaitForAsync(Half).OrFail("half of it");
        await Waiting.UntilAsync("it waits for more", () => Task.FromResult(clock.ActiveTimers == 1));
        clock.Advance(BlobSource.StallTimeout);

        Assert.Equal(new FetchOutcome.Stored(_blob.SizeBytes), await running.OrFail("the fetch"));
        Assert.Equal($"bytes={Half}-", Assert.Single(whole.Requests).Range);
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

        Assert.IsType<FetchOutcome.NotFound>(await fetch.RunAsync([Us], default).OrFail("the fetch"));
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
    public async Task RunAsync_RegionIsAskedAgain_IsCounted()
    {
        var retries = new ConcurrentQueue<object?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == Pipelines.MeterName) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, _, tags, _) =>
        {
            var named = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            if (named.GetValueOrDefault("event.name") is "OnRetry") retries.Enqueue(named.GetValueOrDefault("pipeline.name"));
        });
        listener.Start();
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        source.Send = (http, rest) =>
        {
            source.Send = TestSource.SendAsync;
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        };

        await region.Fetch(_blob).RunAsync([Us], default).OrFail("the fetch");

        Assert.Contains("fetch", retries);
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

    [Fact]
    public async Task RunAsync_CopyIsDamaged_TakesAllOfTheNextRegions()
    {
        await using var damaged = await TestSource.StartAsync(_blob);
        await using var whole = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(damaged.Address, whole.Address);
        damaged.Send = TestSource.SendDamagedAsync;

        Assert.Equal(
            new FetchOutcome.Stored(2 * _blob.SizeBytes), await region.Fetch(_blob).RunAsync([Us, Ap], default).OrFail("the fetch"));
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
        Assert.Equal([(_blob.Digest.ToString(), "")], whole.Requests);
        Assert.Single(damaged.Requests);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(-2 * Half)]
    public async Task RunAsync_CopyHasAnotherSize_TakesTheNextRegions(int more)
    {
        await using var other = await TestSource.StartAsync(_blob);
        await using var whole = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(other.Address, whole.Address);
        other.Send = (http, rest) =>
        {
            var content = new byte[rest.Length + more];
            http.Response.ContentLength = content.Length;
            return TestSource.SendAsync(http, content);
        };

        Assert.Equal(new FetchOutcome.Stored(_blob.SizeBytes), await region.Fetch(_blob).RunAsync([Us, Ap], default).OrFail("the fetch"));
        Assert.True(region.Damaged.Has(_blob.Digest, Us) is false, "what is stored need not be remembered");
    }

    /// <summary>A copy that is shorter than what came already cannot be asked for the rest: 416. A damaged one is said to be so.</summary>
    [Theory]
    [InlineData(StatusCodes.Status416RangeNotSatisfiable, false)]
    [InlineData(StatusCodes.Status500InternalServerError, true)]
    public async Task RunAsync_CopyCannotBeSent_CountsAgainstTheBlobWhereNoOtherHasIt(int status, bool saysDamaged)
    {
        await using var broken = await TestSource.StartAsync(_blob);
        await using var without = await TestSource.StartAsync();
        await using var region = new HydratingRegion(broken.Address, without.Address);
        broken.Send = (http, _) => RefuseAsync(http, status, saysDamaged);

        Assert.True(
            await region.Fetch(_blob).RunAsync([Us, Ap], default).OrFail("the fetch")
                is FetchOutcome.Failed { Fault: FetchFault.Copies });
        Assert.True(region.Damaged.Has(_blob.Digest, Us));
        Assert.False(region.Damaged.Has(_blob.Digest, Ap));
        Assert.Empty(await region.UploadsAsync());
    }

    /// <summary>A server that has no more file descriptors, or whose disk is full, says nothing of its copy.</summary>
    [Theory]
    [InlineData(StatusCodes.Status500InternalServerError)]
    [InlineData(StatusCodes.Status507InsufficientStorage)]
    public async Task RunAsync_SourceCannotAnswerNow_IsNotTheBlobsFault(int status)
    {
        await using var busy = await TestSource.StartAsync(_blob);
        await using var without = await TestSource.StartAsync();
        await using var region = new HydratingRegion(busy.Address, without.Address);
        busy.Send = (http, _) => RefuseAsync(http, status, saysDamaged: false);

        Assert.True(
            await region.Fetch(_blob).RunAsync([Us, Ap], default).OrFail("the fetch")
                is FetchOutcome.Failed { Fault: FetchFault.Regions });
        Assert.False(region.Damaged.Has(_blob.Digest, Us));

        without.Add(_blob);
        Assert.IsType<FetchOutcome.Stored>(await region.Fetch(_blob).RunAsync([Us, Ap], default).OrFail("the fetch from the other"));
    }

    private static Task RefuseAsync(HttpContext http, int status, bool saysDamaged)
    {
        (http.Response.ContentLength, http.Response.StatusCode) = (0, status);
        if (saysDamaged) http.Response.Headers[PeerHeaders.Damaged] = "true";
        return Task.CompletedTask;
    }

    /// <summary>A region that cannot be reached may have the blob whole: nothing is known against it.</summary>
    [Fact]
    public async Task RunAsync_OneCopyIsDamagedAndOneRegionAway_IsNotTheBlobsFault()
    {
        await using var damaged = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(damaged.Address, "http://127.0.0.1:2");
        damaged.Send = TestSource.SendDamagedAsync;

        Assert.True(
            await region.Fetch(_blob).RunAsync([Us, Ap], default).OrFail("the fetch")
                is FetchOutcome.Failed { Fault: FetchFault.Regions });
        Assert.Single(damaged.Requests);
        Assert.Empty(await region.UploadsAsync());
    }

    [Fact]
    public async Task RunAsync_FirstPartFromElsewhereIsDamaged_AsksTheSameRegionForAll()
    {
        await using var damaged = await TestSource.StartAsync(_blob);
        await using var whole = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(damaged.Address, whole.Address);
        var fetch = region.Fetch(_blob);
        damaged.Send = async (http, _) =>
        {
            await http.Response.Body.WriteAsync(new byte[Half]);
            await http.Response.Body.FlushAsync();
            await fetch.Copy.Available.WaitForAsync(Half).OrFail("half of it");
            http.Abort();
        };

        Assert.IsType<FetchOutcome.Stored>(await fetch.RunAsync([Us, Ap], default).OrFail("the fetch"));
        Assert.Equal([$"bytes={Half}-", ""], whole.Requests.Select(request => request.Range));
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
    }

    [Fact]
    public async Task RunAsync_WhatAnEarlierFetchLeftIsDamaged_IsTakenBack()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        await using (var left = await region.Blobs.BeginUploadAsync(BlobFetch.KeyOf(_blob.Digest))) await left.AppendAsync(new byte[Half]);

        Assert.IsType<FetchOutcome.Stored>(await region.Fetch(_blob).RunAsync([Us], default).OrFail("the fetch"));
        Assert.Equal([$"bytes={Half}-", ""], source.Requests.Select(request => request.Range));
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
    }

    /// <summary>A process that is stopped takes connections and says nothing.</summary>
    [Fact]
    public async Task RunAsync_FirstRegionHangs_AsksTheNextAfterTheTimeout()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var hung = await TestSource.StartAsync(_blob);
        await using var whole = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(clock, hung.Address, whole.Address);
        hung.Send = (http, _) => http.RequestAborted.Ended();
        var running = region.Fetch(_blob, clock: clock).RunAsync([Us, Ap], default);
        await Waiting.UntilAsync("the first region is asked", () => Task.FromResult(hung.Requests.Count == 1));
        Assert.Empty(whole.Requests);
        clock.Advance(BlobSource.AnswerTimeout);

        Assert.IsType<FetchOutcome.Stored>(await running.OrFail("the fetch"));
        Assert.True(BlobSource.AnswerTimeout <= TimeSpan.FromSeconds(5) && BlobSource.StallTimeout <= TimeSpan.FromSeconds(10),
            "a region that hangs is left within seconds");
    }
}
