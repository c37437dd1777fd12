using GeoRegistry.Cli.Output;

namespace GeoRegistry.Cli.Tests.Output;

public sealed class HumanizeTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1_572_864, "1.5 MiB")]
    [InlineData(157_286_400, "150 MiB")]
    [InlineData(5_368_709_120, "5 GiB")]
    [InlineData(long.MaxValue, "8192 PiB")]
    public void Size_OfBytes_IsShort(long bytes, string text) => Assert.Equal(text, Humanize.Size(bytes));

    [Theory]
    [InlineData(null, null)]
    [InlineData(0.0, "0 s")]
    [InlineData(0.0001, "1 ms")]
    [InlineData(0.05, "50 ms")]
    [InlineData(0.9999, "1 s")]
    [InlineData(1.24, "1.2 s")]
    [InlineData(180.0, "3 min")]
    [InlineData(9000.0, "2.5 h")]
    [InlineData(864_000.0, "10 d")]
    public void Age_OfSeconds_IsShort(double? seconds, string? text) => Assert.Equal(text, Humanize.Age(seconds));

    [Fact]
    public void Printable_ControlCharacters_AreNotObeyed() => Assert.Equal("a [31mb c", Printable.Of("a\u001b[31mb\nc"));
}
