using GeoRegistry.Ledgers.Stores;
using GeoRegistry.TestKit;

namespace GeoRegistry.Ledgers.Tests.Stores;

public sealed class PositionSignalTests
{
    [Fact]
    public async Task WaitForAsync_ReachedAlready_ReturnsAtOnce()
    {
        var signal = new PositionSignal(5);

        Assert.True(signal.WaitForAsync(5).IsCompletedSuccessfully);
        await signal.WaitForAsync(4);
    }

    [Fact]
    public async Task Advance_Back_IsIgnored()
    {
        var signal = new PositionSignal(5);
        signal.Advance(3);
        Assert.Equal(5, signal.Position);
        signal.Advance(8);

        await signal.WaitForAsync(8).OrFail("position 8");
    }

    [Fact]
    public async Task WaitForAsync_Cancelled_LeavesOthersWaiting()
    {
        var signal = new PositionSignal(0);
        using var stop = new CancellationTokenSource();
        var stays = signal.WaitForAsync(1);
        var leaves = signal.WaitForAsync(1, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.False(stays.IsCompleted);
        signal.Advance(1);

        await stays.OrFail("position 1");
    }

    [Fact]
    public async Task Fail_WhatWasNotReached_GetsTheFailureNowAndLater()
    {
        var signal = new PositionSignal(2);
        var waits = signal.WaitForAsync(3);
        signal.Fail(new IOException("gone"));

        await Assert.ThrowsAsync<IOException>(() => waits.OrFail("the failure"));
        await Assert.ThrowsAsync<IOException>(() => signal.WaitForAsync(4));
        await signal.WaitForAsync(2);
    }

    /// <summary>Many advance and many wait, each for every position: a wake-up that is lost hangs its waiter.</summary>
    [Fact]
    public async Task WaitForAsync_ManyThreads_LosesNoWakeUp()
    {
        const int Waiters = 16, Advancers = 4, Positions = 5000;
        var signal = new PositionSignal(0);
        var next = 0L;
        var waiters = Enumerable.Range(0, Waiters).Select(i => Task.Run(async () =>
        {
            for (var position = 1L + (i % 3); position <= Positions; position += 1 + (i % 5))
            {
                await signal.WaitForAsync(position);
                Assert.True(signal.Position >= position);
            }
        })).ToList();
        var advancers = Enumerable.Range(0, Advancers).Select(_ => Task.Run(() =>
        {
            for (var position = Interlocked.Increment(ref next); position <= Positions; position = Interlocked.Increment(ref next))
                signal.Advance(position);
        }));

        await Task.WhenAll(advancers.Concat(waiters)).OrFail("every waiter reached the last position");
        Assert.Equal(Positions, signal.Position);
    }
}
