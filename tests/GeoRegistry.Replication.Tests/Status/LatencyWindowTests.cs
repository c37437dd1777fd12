using GeoRegistry.Replication.Status;

namespace GeoRegistry.Replication.Tests.Status;

public sealed class LatencyWindowTests
{
    private readonly LatencyWindow _window = new();

    [Fact]
    public void Percentile_BeforeTheFirst_IsNull() => Assert.Null(_window.Percentile(0.5));

    [Fact]
    public void Percentile_OfAHundred_IsWhatThatPartDidNotExceed()
    {
        foreach (var seconds in Enumerable.Range(1, 100).Reverse()) _window.Add(TimeSpan.FromSeconds(seconds));

        Assert.Equal(50, _window.Percentile(0.5));
        Assert.Equal(99, _window.Percentile(0.99));
        Assert.Equal(100, _window.Percentile(1));
        Assert.Equal(1, _window.Percentile(0.001));
    }

    [Fact]
    public void Add_BelowZero_CountsAsZero()
    {
        _window.Add(TimeSpan.FromSeconds(-3));

        Assert.Equal(0, _window.Percentile(1));
    }

    [Fact]
    public void Add_MoreThanTheWindowHolds_ForgetsTheOldest()
    {
        _window.Add(TimeSpan.FromHours(1));
        for (var i = 0; i < 1024; i++) _window.Add(TimeSpan.FromSeconds(1));

        Assert.Equal(1, _window.Percentile(1));
    }

    [Fact]
    public async Task Add_FromManyThreads_KeepsEveryOne()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
        {
            for (var n = 0; n < 128; n++) _window.Add(TimeSpan.FromSeconds(i));
        })));

        Assert.All(Enumerable.Range(0, 8), i => Assert.Equal(i, _window.Percentile((i + 1) / 8.0)));
    }
}
