namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>Content and its digest.</summary>
internal sealed record Blob(byte[] Bytes)
{
    public string Digest { get; } = GeoRegistry.Protocol.Digest.Of(Bytes).ToString();

    /// <summary>A blob of a random generator.</summary>
    public static Blob Next(Random random, int sizeBytes)
    {
        var bytes = new byte[sizeBytes];
        random.NextBytes(bytes);
        return new Blob(bytes);
    }
}
