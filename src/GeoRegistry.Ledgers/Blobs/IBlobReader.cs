namespace GeoRegistry.Ledgers.Blobs;

/// <summary>One open blob. Safe for several readers at once; disposing it ends them.</summary>
/// <remarks>
/// Opening it reads nothing yet: an object store is asked for bytes when a range is opened, by one request for the range.
/// </remarks>
public interface IBlobReader : IAsyncDisposable
{
    /// <summary>The blob's size in bytes.</summary>
    long SizeBytes { get; }

    /// <summary>The region that the bytes come from while they are read; null where they are in this region's store.</summary>
    RegionId? Source => null;

    /// <summary>Opens a range as a stream.</summary>
    /// <param name="offset">Where it begins, from 0 to <see cref="SizeBytes"/>.</param>
    /// <param name="lengthBytes">How many bytes it has; with the offset at most <see cref="SizeBytes"/>.</param>
    /// <param name="cancellation">Cancels opening it.</param>
    /// <returns>
    /// A stream that is read once, asynchronously, from the range's beginning to its end, where it ends; earlier only where the blob
    /// is shorter than the store says. The caller disposes it. Reading it throws an <see cref="InvalidDataException"/> where the store
    /// has the bytes and cannot read them.
    /// </returns>
    ValueTask<Stream> OpenRangeAsync(long offset, long lengthBytes, CancellationToken cancellation = default);
}
