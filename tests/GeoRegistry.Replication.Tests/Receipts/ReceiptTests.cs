using GeoRegistry.Ledgers;
using GeoRegistry.Replication.Receipts;

namespace GeoRegistry.Replication.Tests.Receipts;

public sealed class ReceiptTests
{
    [Theory]
    [InlineData("eu-1", "eu", 1)]
    [InlineData("us-east-2-1234", "us-east-2", 1234)]
    [InlineData("eu-9223372036854775807", "eu", long.MaxValue)]
    public void TryParse_Receipt_IsReadAndWrittenTheSame(string text, string home, long position)
    {
        Assert.True(Receipt.TryParse(text, out var receipt));

        Assert.Equal(new Receipt(RegionId.Parse(home), position), receipt);
        Assert.Equal(text, receipt.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("eu")]
    [InlineData("eu-")]
    [InlineData("eu-0")]
    [InlineData("eu--1")]
    [InlineData("eu-+1")]
    [InlineData("eu- 1")]
    [InlineData("eu-1.0")]
    [InlineData("eu-9223372036854775808")]
    [InlineData("EU-1")]
    [InlineData("-1")]
    [InlineData("1")]
    public void TryParse_AnythingElse_IsNone(string? text) => Assert.False(Receipt.TryParse(text, out _));
}
