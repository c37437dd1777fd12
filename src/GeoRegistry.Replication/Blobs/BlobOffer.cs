namespace GeoRegistry.Replication.Blobs;

/// <summary>A region's answer to <c>/peer/offers/</c>: where another region's store can copy a blob from.</summary>
/// <param name="Url">The URL, signed for an hour; whoever has it can read the blob.</param>
public sealed record BlobOffer(string Url)
{
    /// <summary>Where offers are asked for; the digest comes after it.</summary>
    public const string Path = "/peer/offers/";
}
