using GeoRegistry.Replication.Peers;
using GeoRegistry.TestKit;

namespace GeoRegistry.Replication.Tests.Peers;

public sealed class ProgressTimeoutTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10), Almost = TimeSpan.FromSeconds(9);

    private readonly CountingTimeProvider _clock = new();

    [Fact]
    public void Token_NoProgress_IsCancelled()
    {
        using var timeout = new ProgressTimeout(Duration, _clock);

        _clock.Advance(Almost);
        Assert.False(timeout.Token.IsCancellationRequested);
        _clock.Advance(Duration - Almost);

        Assert.True(timeout.Token.IsCancellationRequested);
    }

    [Fact]
    public void Restart_ProgressBeforeTheEnd_CountsFromThen()
    {
        using var timeout = new ProgressTimeout(Duration, _clock);
        _clock.Advance(Almost);

        timeout.Restart();

        _clock.Advance(Almost);
        Assert.False(timeout.Token.IsCancellationRequested);
        _clock.Advance(Duration - Almost);
        Assert.True(timeout.Token.IsCancellationRequested);
    }

    [Fact]
    public void Suspend_SomebodyElseIsWaitedFor_CountsNoTimeUntilRestarted()
    {
        using var timeout = new ProgressTimeout(Duration, _clock);

        timeout.Suspend();

        _clock.Advance(100 * Duration);
        Assert.False(timeout.Token.IsCancellationRequested);
        timeout.Restart();
        _clock.Advance(Duration);
        Assert.True(timeout.Token.IsCancellationRequested);
    }
}
