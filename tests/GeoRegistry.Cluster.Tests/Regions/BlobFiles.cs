namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>A region's blobs as they lie on its disk.</summary>
internal sealed class BlobFiles(string dataFolder) : RegionBlobs
{
    private string Folder => Path.Combine(dataFolder, "blobs");

    public override bool Has(string digest) => File.Exists(PathOf(digest));

    public string PathOf(string digest)
    {
        var (algorithm, hex) = (digest.Split(':')[0], digest.Split(':')[1]);
        return Path.Combine(Folder, algorithm, hex[..2], hex);
    }

    public override IEnumerable<string> List() =>
        Directory.EnumerateFiles(Path.Combine(Folder, "sha256"), "*", SearchOption.AllDirectories)
            .Select(file => $"sha256:{Path.GetFileName(file)}");

    public override void FlipOneBit(string digest, Random random)
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

    protected override Stream Open(string digest) => File.OpenRead(PathOf(digest));
}
