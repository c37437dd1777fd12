using System.Security.Cryptography;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>A region's blob store as it lies on disk.</summary>
internal sealed class BlobFiles(string dataFolder)
{
    private string Folder => Path.Combine(dataFolder, "blobs");

    public bool Has(string digest) => File.Exists(PathOf(digest));

    public string PathOf(string digest)
    {
        var (algorithm, hex) = (digest.Split(':')[0], digest.Split(':')[1]);
        return Path.Combine(Folder, algorithm, hex[..2], hex);
    }

    /// <summary>Whatever lies under a digest has it.</summary>
    /// <returns>How many blobs there are.</returns>
    public int AssertWhole()
    {
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Folder, "sha256"), "*", SearchOption.AllDirectories))
        {
            using var content = File.OpenRead(file);
            Assert.True(Convert.ToHexStringLower(SHA256.HashData(content)) == Path.GetFileName(file),
                $"{file} does not have the digest that it is named by.");
            count++;
        }

        return count;
    }

    /// <summary>Whether any file of the region, blobs and databases, has these bytes in it.</summary>
    public static bool FindBytes(string dataFolder, ReadOnlySpan<byte> bytes)
    {
        foreach (var file in Directory.EnumerateFiles(dataFolder, "*", SearchOption.AllDirectories))
        {
            if (new FileInfo(file).Length is > 0 and var length && length >= bytes.Length && File.ReadAllBytes(file).AsSpan().IndexOf(bytes) >= 0) return true;
        }

        return false;
    }
}
