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

    /// <summary>The digests of all blobs.</summary>
    public IEnumerable<string> List() =>
        Directory.EnumerateFiles(Path.Combine(Folder, "sha256"), "*", SearchOption.AllDirectories)
            .Select(file => $"sha256:{Path.GetFileName(file)}");

    /// <summary>Whether what lies under a digest has it.</summary>
    public bool IsWhole(string digest)
    {
        using var content = File.OpenRead(PathOf(digest));
        return digest == $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";
    }

    /// <summary>Whatever lies under a digest has it.</summary>
    /// <returns>How many blobs there are.</returns>
    public int AssertWhole()
    {
        var count = 0;
        foreach (var digest in List())
        {
            Assert.True(IsWhole(digest), $"{PathOf(digest)} does not have the digest that it is named by.");
            count++;
        }

        return count;
    }

    /// <summary>Damages a blob as a disk does: without a change of its length.</summary>
    public void FlipOneBit(string digest, Random random)
    {
        using var file = new FileStream(PathOf(digest), FileMode.Open, FileAccess.ReadWrite);
        var at = random.NextInt64(file.Length);
        file.Position = at;
        var damaged = (byte)(file.ReadByte() ^ (1 << random.Next(8)));
        file.Position = at;
        file.WriteByte(damaged);
    }

    /// <summary>Whether any file of the region, blobs and databases, has these bytes in it.</summary>
    public static bool FindBytes(string dataFolder, ReadOnlySpan<byte> bytes)
    {
        foreach (var file in Directory.EnumerateFiles(dataFolder, "*", SearchOption.AllDirectories))
        {
            if (new FileInfo(file).Length is > 0 and var length
                && length >= bytes.Length
                && File.ReadAllBytes(file).AsSpan().IndexOf(bytes) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
