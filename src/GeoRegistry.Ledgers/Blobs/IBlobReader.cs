namespace GeoRegistry.Ledgers.Blobs;

/// <summary>One open blob. Safe for several readers at once; disposing it ends them.</summary>
/// <remarks>
/// Opening it reads nothing yet, so any range can be read from it. Reads where each begins at the end of the one before are the
/// common case: an object store serves them as one stream, from one request for a range.
/// </remarks>
public interface IBlobReader : IAsyncDisposable
{
    /// <summary>The blob's size in bytes.</summary>
    long SizeBytes { get; }

    /// <summary>The region that the bytes come from while they are read; null where they are in this region's store.</summary>
    RegionId? Source => null;

    /// <summary>Reads from an offset.</summary>
    /// <param name="offset">Where to begin, from 0 to <see cref="SizeBytes"/>.</param>
    /// <param name="buffer">Where to put the bytes; the caller's, and not kept.</param>
    /// <returns>How many bytes were read: at least one before the end, 0 at it.</returns>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default);
}
