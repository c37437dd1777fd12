using System.Security.Cryptography;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>A region's blobs as its store has them, seen and damaged without the region.</summary>
internal abstract class RegionBlobs
{
    /// <summary>Those of a data folder's region, wherever this run keeps blobs.</summary>
    public static RegionBlobs Of(string dataFolder) =>
        ProductionStores.AreOn
            ? new AzureBlobs(ProductionStores.GetAsync().GetAwaiter().GetResult().ContainerOf(dataFolder))
            : new BlobFiles(dataFolder);

    public abstract bool Has(string digest);

    /// <summary>The digests of all blobs.</summary>
    public abstract IEnumerable<string> List();

    /// <summary>Whether what lies under a digest has it.</summary>
    public bool IsWhole(string digest)
    {
        using var content = Open(digest);
        return digest == $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";
    }

    /// <summary>Whatever lies under a digest has it.</summary>
    /// <returns>How many blobs there are.</returns>
    public int AssertWhole()
    {
        var count = 0;
        foreach (var digest in List())
        {
            Assert.True(IsWhole(digest), $"{digest} is the name of something else.");
            count++;
        }

        return count;
    }

    /// <summary>Damages a blob as a disk does: without a change of its length.</summary>
    public abstract void FlipOneBit(string digest, Random random);

    protected abstract Stream Open(string digest);
}
