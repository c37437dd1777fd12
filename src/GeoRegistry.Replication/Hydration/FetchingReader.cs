using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Reads a blob while it arrives, and waits for what has not.</summary>
internal sealed class FetchingReader(BlobFetch fetch) : IBlobReader
{
    private FetchedCopy? _read; // The copy that bytes were read of; null before the first.

    public long SizeBytes => fetch.SizeBytes;

    public RegionId? Source => fetch.Source;

    public ValueTask<Stream> OpenRangeAsync(long offset, long lengthBytes, CancellationToken cancellation = default) =>
        new(new BlobRangeStream(ReadAsync, offset, lengthBytes));

    public ValueTask DisposeAsync() => default; // The fetch goes on.

    private async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        if (offset >= SizeBytes) return 0;
        while (true)
        {
            var copy = _read ?? fetch.Copy;
            try
            {
                await copy.Available.WaitForAsync(offset + 1, cancellation).ConfigureAwait(false);
                var count = await copy.ReadAsync(offset, buffer, cancellation).ConfigureAwait(false);
                // Another caller has read of another copy.
                if (count > 0 && (Interlocked.CompareExchange(ref _read, copy, null) ?? copy) != copy) continue;
                return count;
            }
            catch (DamagedCopyException) when (_read is null && fetch.Copy != copy)
            {
                // Nothing was read of it: the next copy is as good.
            }
        }
    }
}
