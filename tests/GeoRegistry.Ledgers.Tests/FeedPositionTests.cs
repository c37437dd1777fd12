namespace GeoRegistry.Ledgers.Tests;

public sealed class FeedPositionTests
{
    [Theory]
    [InlineData("eu-7f3a9c01-1", "eu", "7f3a9c01", 1)]
    [InlineData("us-east-2-0000000a-1234", "us-east-2", "0000000a", 1234)]
    [InlineData("eu-ffffffff-9223372036854775807", "eu", "ffffffff", long.MaxValue)]
    public void TryParse_Position_IsReadAndWrittenTheSame(string text, string region, string incarnation, long number)
    {
        Assert.True(FeedPosition.TryParse(text, out var position));

        Assert.Equal(new FeedPosition(RegionId.Parse(region), Incarnation.Parse(incarnation), number), position);
        Assert.Equal(text, position.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("eu")]
    [InlineData("eu-1")]
    [InlineData("eu-7f3a9c01")]
    [InlineData("eu-7f3a9c01-")]
    [InlineData("eu-7f3a9c01-0")]
    [InlineData("eu-7f3a9c01--1")]
    [InlineData("eu-7f3a9c01-+1")]
    [InlineData("eu-7f3a9c01- 1")]
    [InlineData("eu-7f3a9c01-1.0")]
    [InlineData("eu-7f3a9c01-9223372036854775808")]
    [InlineData("eu-7F3A9C01-1")]
    [InlineData("eu-7f3a9c0-1")]
    [InlineData("eu-00000000-1")]
    [InlineData("EU-7f3a9c01-1")]
    [InlineData("-7f3a9c01-1")]
    [InlineData("7f3a9c01-1")]
    public void TryParse_AnythingElse_IsNone(string? text) => Assert.False(FeedPosition.TryParse(text, out _));
}
