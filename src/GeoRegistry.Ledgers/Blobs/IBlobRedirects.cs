using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>What a blob store may add: clients read large blobs from it directly.</summary>
public interface IBlobRedirects
{
    /// <summary>How large a blob must be, in bytes, for its clients to be sent to the store.</summary>
    long MinBytes { get; }

    /// <summary>A URL at which a client reads a blob, for a few minutes.</summary>
    /// <param name="digest">A blob that the store has, and that the client may read.</param>
    /// <returns>The URL; null where this store has no right to give one.</returns>
    ValueTask<Uri?> SignAsync(Digest digest, CancellationToken cancellation = default);
}
