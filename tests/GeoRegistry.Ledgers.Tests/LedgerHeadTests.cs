using System.Security.Cryptography;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Tests;

public sealed class LedgerHeadTests
{
    [Fact]
    public void Empty_HasNoCommitsAndZerosForAChecksum()
    {
        Assert.Equal((0, 0), (LedgerHead.Empty.Epoch, LedgerHead.Empty.Number));
        Assert.Equal(new byte[32], LedgerHead.Empty.Checksum.ToArray());
    }

    [Fact]
    public void After_Commits_ChainsSha256OverTheChecksumBeforeAndTheBytes()
    {
        var first = LedgerHead.Empty.After(4, "one"u8);
        var second = first.After(5, "two"u8);

        var expectedFirst = SHA256.HashData([.. new byte[32], .. "one"u8]);
        Assert.Equal(expectedFirst, first.Checksum.ToArray());
        Assert.Equal(SHA256.HashData([.. expectedFirst, .. "two"u8]), second.Checksum.ToArray());
        Assert.Equal((4, 1, 5, 2), (first.Epoch, first.Number, second.Epoch, second.Number));
    }

    [Fact]
    public void Equals_SameHistory_IsEqualThoughTheMemoryDiffers()
    {
        var head = LedgerHead.Empty.After(1, "one"u8);

        Assert.Equal(head, LedgerHead.Empty.After(1, "one"u8));
        Assert.Equal(head.GetHashCode(), LedgerHead.Empty.After(1, "one"u8).GetHashCode());
    }

    [Fact]
    public void Equals_OtherChecksumNumberOrEpoch_Differs()
    {
        var head = LedgerHead.Empty.After(1, "one"u8);

        Assert.NotEqual(head, LedgerHead.Empty.After(1, "two"u8));
        Assert.NotEqual(head, head with { Number = 2 });
        Assert.NotEqual(head, head with { Epoch = 2 });
        Assert.False(head.Equals(null));
    }

    [Fact]
    public void ToString_LedgerOfARepository_NamesKindAndRepository() =>
        Assert.Equal("repository:library/debian", LedgerId.Of(RepositoryName.Parse("library/debian")).ToString());
}
