using GeoRegistry.Replication.Verification;
using GeoRegistry.TestKit;

namespace GeoRegistry.Replication.Tests.Verification;

public sealed class PaceTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly CountingTimeProvider _clock = new();

    [Theory]
    [InlineData(0.01, 10, 990)]
    [InlineData(0.5, 40, 40)]
    public async Task EndAsync_AfterAPieceOfWork_RestsByItsShareOfACore(double share, int workMilliseconds, int restMilliseconds)
    {
        var pace = new Pace(share, long.MaxValue, _clock);

        var ended = Work(pace, TimeSpan.FromMilliseconds(workMilliseconds), bytes: 0);

        await AssertRestsAsync(ended, TimeSpan.FromMilliseconds(restMilliseconds));
    }

    [Fact]
    public async Task EndAsync_BytesReadFasterThanAllowed_RestsUntilTheyAreNot()
    {
        var pace = new Pace(share: 1, bytesPerSecond: 1000, _clock);

        var ended = Work(pace, TimeSpan.FromMilliseconds(100), bytes: 500);

        await AssertRestsAsync(ended, TimeSpan.FromMilliseconds(400));
    }

    [Fact]
    public async Task EndAsync_ManyShortPieces_RestForAllTogether()
    {
        var pace = new Pace(0.5, long.MaxValue, _clock);
        for (var i = 0; i < 3; i++) Assert.True(Work(pace, TimeSpan.FromMilliseconds(6), bytes: 0).IsCompletedSuccessfully);

        var ended = Work(pace, TimeSpan.FromMilliseconds(6), bytes: 0);

        await AssertRestsAsync(ended, TimeSpan.FromMilliseconds(24));
    }

    [Fact]
    public async Task EndAsync_Cancelled_RestsNoLonger()
    {
        using var stopping = new CancellationTokenSource();
        var pace = new Pace(0.01, long.MaxValue, _clock);
        var begun = pace.Begin();
        _clock.Advance(TimeSpan.FromSeconds(1));
        var ended = pace.EndAsync(begun, stopping.Token);

        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ended);
    }

    private Task Work(Pace pace, TimeSpan time, long bytes)
    {
        var begun = pace.Begin();
        _clock.Advance(time);
        return pace.EndAsync(begun, CancellationToken.None, bytes);
    }

    private async Task AssertRestsAsync(Task ended, TimeSpan rest)
    {
        _clock.Advance(rest - Tick);
        Assert.False(ended.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1)); // Timers count whole milliseconds.
        await ended.OrFail("the end of the rest");
    }
}
