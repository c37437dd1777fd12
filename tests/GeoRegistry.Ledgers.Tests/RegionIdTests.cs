namespace GeoRegistry.Ledgers.Tests;

public sealed class RegionIdTests
{
    [Theory]
    [InlineData("eu")]
    [InlineData("a")]
    [InlineData("us-east-1")]
    [InlineData("sixteen-letters0")]
    public void TryParse_Id_IsTakenUnchanged(string text)
    {
        Assert.True(RegionId.TryParse(text, out var region));
        Assert.Equal(text, region.ToString());
        Assert.Equal(RegionId.Parse(text), region);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("EU")]
    [InlineData("1eu")]
    [InlineData("-eu")]
    [InlineData("eu-")]
    [InlineData("e_u")]
    [InlineData("é")]
    [InlineData("seventeen-letters")]
    public void TryParse_NoId_IsRefused(string? text)
    {
        Assert.False(RegionId.TryParse(text, out var region));
        Assert.Equal("", region.ToString());
    }

    [Fact]
    public void Parse_NoId_SaysWhatAnIdIs() =>
        Assert.Contains(
            "1 to 16 lower-case letters",
            Assert.Throws<FormatException>(() => RegionId.Parse("EU")).Message,
            StringComparison.Ordinal);
}
