using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Repositories;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>How many blobs come through for clients at a time, and what is beyond it.</summary>
public sealed class ReadThroughSlotsTests
{
    private readonly List<SampleBlob> _blobs =
    [
        .. Enumerable.Range(0, ReadThroughSlots.MaxReceiving + ReadThroughSlots.MaxWaiting + 1)
            .Select(i => SampleBlob.Random(1000 + i, 1000)),
    ];
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task OpenAsync_AllSlotsAreTaken_WhoWaitsGetsOneLater()
    {
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(source.Address);
        var opened = await OpenOneTooManyAsync(region, source);
        Assert.All(opened, open => Assert.False(open.IsCompleted));
        _gate.SetResult();

        Assert.All(await Task.WhenAll(opened).OrFail("all are found"), Assert.NotNull);
        Assert.Equal(opened.Count + 1, source.Requests.Count);
    }

    [Fact]
    public async Task OpenAsync_NoSlotComes_IsAskedToComeAgain()
    {
        var clock = new CountingTimeProvider();
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(clock, source.Address);
        var opened = await OpenOneTooManyAsync(region, source);
        await Waiting.UntilAsync("one waits for a slot, the others for bytes", () => Task.FromResult(clock.ActiveTimers == opened.Count));
        clock.Advance(ReadThroughSlots.WaitTimeout);

        var refused = await Task.WhenAny(opened).OrFail("the refusal");
        var refusal = await Assert.ThrowsAsync<RegionUnavailableException>(() => refused);
        Assert.Contains("Try again in a second", refusal.Message, StringComparison.Ordinal);
        Assert.All(opened.Where(open => open != refused), open => Assert.False(open.IsCompleted));
        _gate.SetResult();
        Assert.All(await Task.WhenAll(opened.Where(open => open != refused)).OrFail("all others are found"), Assert.NotNull);
        Assert.Empty(await region.UploadsAsync());
    }

    /// <summary>Those who wait for a slot are cancelled too, or they would wait for ever.</summary>
    [Fact]
    public async Task DisposeAsync_WhileAFetchWaitsForItsSlot_EndsItsReaders()
    {
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(source.Address);
        var opened = await OpenOneTooManyAsync(region, source);
        await region.Fetches.DisposeAsync().AsTask().OrFail("the fetches end");

        foreach (var open in opened)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open.OrFail("the reader gets an error"));
    }

    /// <summary>Fetches that wait for a region that hangs take no slot: a blob of another region comes at once.</summary>
    [Fact]
    public async Task OpenAsync_ManyWaitForARegionThatHangs_OthersComeThrough()
    {
        var hanging = _blobs.Take(ReadThroughSlots.MaxReceivingOfRegion + 1).ToList();
        var other = _blobs[^1];
        await using var hung = await TestSource.StartAsync(hanging);
        await using var whole = await TestSource.StartAsync(other);
        await using var region = new HydratingRegion(new FakeTimeProvider(TimeProvider.System.GetUtcNow()), hung.Address, whole.Address);
        hung.Send = (http, _) => http.RequestAborted.Ended();
        var waits = hanging.Select(blob => OpenAsync(region, blob)).ToList();
        await Waiting.UntilAsync("all wait for the region", () => Task.FromResult(hung.Requests.Count >= hanging.Count));

        Assert.NotNull(await OpenAsync(region, other).OrFail("the other blob"));
        Assert.All(waits, wait => Assert.False(wait.IsCompleted));
    }

    /// <summary>A region that sends slowly has not all slots: who waits for one of its own keeps out no other region's blob.</summary>
    [Fact]
    public async Task OpenAsync_ARegionSendsManySlowly_AnotherRegionsBlobComesThrough()
    {
        var slow = _blobs.Take(ReadThroughSlots.MaxReceiving + 1).ToList();
        var other = _blobs[^1];
        await using var trickling = await TestSource.StartAsync(slow);
        await using var whole = await TestSource.StartAsync(other);
        await using var region = new HydratingRegion(
            new FakeTimeProvider(TimeProvider.System.GetUtcNow()), trickling.Address, whole.Address);
        trickling.Send = SendWhenOpenedAsync;
        var waits = slow.Select(blob => OpenAsync(region, blob)).ToList();
        await Waiting.UntilAsync("the region has its slots", () => Task.FromResult(
            trickling.Aborted.Count == slow.Count - ReadThroughSlots.MaxReceivingOfRegion));

        Assert.NotNull(await OpenAsync(region, other).OrFail("the other blob"));
        Assert.All(waits, wait => Assert.False(wait.IsCompleted));
        _gate.SetResult();
        Assert.All(await Task.WhenAll(waits).OrFail("all are found"), Assert.NotNull);
    }

    /// <summary>Nor has a region that hangs all places to wait.</summary>
    [Fact]
    public async Task OpenAsync_AsManyWaitForARegionAsMay_AnotherRegionsBlobComesThrough()
    {
        var hanging = _blobs.Take(ReadThroughSlots.MaxUnderWayOfRegion + 1).ToList();
        var other = _blobs[^1];
        await using var hung = await TestSource.StartAsync(_blobs);
        await using var whole = await TestSource.StartAsync(hanging[^1], other);
        await using var region = new HydratingRegion(new FakeTimeProvider(TimeProvider.System.GetUtcNow()), hung.Address, whole.Address);
        hung.Send = (http, _) => http.RequestAborted.Ended();
        var waits = hanging.SkipLast(1).Select(blob => OpenAsync(region, blob)).ToList();
        await Waiting.UntilAsync("the region is asked for as many as it may", () => Task.FromResult(hung.Requests.Count == waits.Count));

        Assert.NotNull(await OpenAsync(region, hanging[^1]).OrFail("the blob that both have"));
        Assert.NotNull(await OpenAsync(region, other).OrFail("the other blob"));
        Assert.Equal(waits.Count, hung.Requests.Count);
    }

    [Fact]
    public async Task OpenAsync_MoreThanMayWait_IsRefusedAtOnce()
    {
        await using var source = await TestSource.StartAsync(_blobs);
        await using var region = new HydratingRegion(new FakeTimeProvider(TimeProvider.System.GetUtcNow()), source.Address);
        source.Send = (http, _) => http.RequestAborted.Ended();
        var waits = _blobs.SkipLast(1).Select(blob => OpenAsync(region, blob)).ToList();

        var refused = await Assert.ThrowsAsync<RegionUnavailableException>(() => OpenAsync(region, _blobs[^1]).OrFail("the refusal"));
        Assert.Contains("try again in a second", refused.Message, StringComparison.Ordinal);
        Assert.False(OpenAsync(region, _blobs[0]).IsCompleted); // Who joins a fetch takes no place.
    }

    /// <summary>Begins one more fetch than there are slots, and returns when one of them has let go of its answer to wait.</summary>
    private async Task<List<Task<IBlobReader?>>> OpenOneTooManyAsync(HydratingRegion region, TestSource source)
    {
        source.Send = SendWhenOpenedAsync;
        var opened = _blobs.Take(ReadThroughSlots.MaxReceivingOfRegion + 1).Select(blob => OpenAsync(region, blob)).ToList();
        await Waiting.UntilAsync("one lets go of its answer", () => Task.FromResult(source.Aborted.Count == 1));
        return opened;
    }

    private static Task<IBlobReader?> OpenAsync(HydratingRegion region, SampleBlob blob) =>
        region.Fetches.OpenAsync(blob.Digest, blob.SizeBytes, default);

    private async Task SendWhenOpenedAsync(HttpContext http, ReadOnlyMemory<byte> rest)
    {
        await http.Response.Body.FlushAsync(); // The head.
        await Task.WhenAny(_gate.Task, http.RequestAborted.Ended());
        if (!http.RequestAborted.IsCancellationRequested) await TestSource.SendAsync(http, rest);
    }
}
