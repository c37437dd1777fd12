using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Storage.Azure.Tests;

public sealed class UploadBlocksTests
{
    private const long TiB = 1L << 40;

    [Fact]
    public void NextBlockBytes_AsManyBlocksAsThereMayBe_ReachTwoTiB()
    {
        var blocks = new UploadBlocks();
        while (blocks.Count < UploadBlocks.MaxCount) blocks.Add("id", blocks.NextBlockBytes);

        Assert.InRange(blocks.SizeBytes, 2 * TiB, 3 * TiB);
        Assert.Throws<UploadFullException>(() => blocks.Add("id", 1));
    }

    [Theory]
    [InlineData(0, true, 0)]
    [InlineData(4, true, 4)]
    [InlineData(5, false, 10)]
    [InlineData(10, true, 10)]
    [InlineData(11, false, 10)]
    public void TryTruncate_ToASize_LeavesWholeBlocksOnly(long sizeBytes, bool done, long left)
    {
        var blocks = new UploadBlocks();
        blocks.Add("a", 4);
        blocks.Add("b", 6);

        Assert.Equal(done, blocks.TryTruncate(sizeBytes));
        Assert.Equal(left, blocks.SizeBytes);
    }

    /// <summary>The service takes only ids of one length in an object.</summary>
    [Fact]
    public void IdOf_Blocks_HaveOneLengthAndDiffer()
    {
        var holders = Enumerable.Range(0, 3).Select(_ => $"{Guid.NewGuid():n}");
        var ids = holders.SelectMany(holder => new[] { 0, 1, 49_999, int.MaxValue }.Select(i => UploadBlocks.IdOf(holder, i))).ToList();

        Assert.Single(ids.Select(id => id.Length).Distinct());
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(ids, id => Assert.InRange(Convert.FromBase64String(id).Length, 1, 64));
    }
}
