namespace GeoRegistry.Cli.Tests;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("40ms", 40)]
    [InlineData("0.5s", 500)]
    [InlineData("0ms", 0)]
    [InlineData("30s", 30_000)]
    [InlineData("2m", 120_000)]
    public void TryParse_NumberAndUnit_IsThatTime(string text, int milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("40")]
    [InlineData("ms")]
    [InlineData("-1s")]
    [InlineData("1,5s")]
    [InlineData("NaNs")]
    [InlineData("-Infinitys")]
    [InlineData("Infinityms")]
    [InlineData("-∞m")]
    [InlineData("1e99s")]
    [InlineData("99999999s")]
    [InlineData("5 h")]
    public void TryParse_AnythingElse_IsNoTime(string text) => Assert.False(Durations.TryParse(text, out _));
}
