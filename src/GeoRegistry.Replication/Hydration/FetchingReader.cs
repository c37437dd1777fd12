using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Reads a blob while it arrives, and waits for what has not.</summary>
internal sealed class FetchingReader(BlobFetch fetch) : IBlobReader
{
    public long SizeBytes => fetch.SizeBytes;

    public RegionId? Source => fetch.Source;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default)
    {
        if (offset >= SizeBytes || buffer.IsEmpty) return 0;
        await fetch.Available.WaitForAsync(offset + 1, cancellation).ConfigureAwait(false);
        return await fetch.ReadAsync(offset, buffer, cancellation).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => default; // The fetch goes on.
}
