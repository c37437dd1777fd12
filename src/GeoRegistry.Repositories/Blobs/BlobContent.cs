using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Repositories.Blobs;

/// <summary>A blob's bytes: all of them in memory, or an open reader that the holder disposes.</summary>
public sealed class BlobContent : IAsyncDisposable
{
    private readonly IBlobReader? _reader;

    /// <summary>A blob in memory.</summary>
    public BlobContent(ReadOnlyMemory<byte> bytes)
    {
        Bytes = bytes;
        SizeBytes = bytes.Length;
    }

    /// <summary>A blob in the store.</summary>
    public BlobContent(IBlobReader reader)
    {
        _reader = reader;
        SizeBytes = reader.SizeBytes;
    }

    /// <summary>Its size.</summary>
    public long SizeBytes { get; }

    /// <summary>The region that it comes through from while it is read; null where it is here.</summary>
    public RegionId? Source => _reader?.Source;

    /// <summary>Whether the blob is in this region's store, where it may be read directly; no when it is in memory.</summary>
    public bool IsStored { get; init; }

    /// <summary>All bytes, where they are in memory.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; }

    /// <summary>Opens a range of a blob that is not in memory; as <see cref="IBlobReader.OpenRangeAsync"/>.</summary>
    public ValueTask<Stream> OpenRangeAsync(long offset, long lengthBytes, CancellationToken cancellation = default) =>
        _reader is null
            ? throw new InvalidOperationException("The blob is in memory.")
            : _reader.OpenRangeAsync(offset, lengthBytes, cancellation);

    /// <summary>Closes the reader.</summary>
    public ValueTask DisposeAsync() => _reader?.DisposeAsync() ?? default;
}
