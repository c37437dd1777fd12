using Azure.Storage.Blobs.Specialized;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Azure;

/// <summary>A blob of which ranges are read. It holds nothing.</summary>
internal sealed class AzureBlobReader(BlobBaseClient blob, Digest digest, long sizeBytes, AzureFaults faults) : IBlobReader
{
    public long SizeBytes => sizeBytes;

    // Without a condition: the bytes of a digest are always the same, and a touch changes the ETag.
    public async ValueTask<Stream> OpenRangeAsync(long offset, long lengthBytes, CancellationToken cancellation = default) =>
        await AzureRangeStream.OpenAsync(blob, faults, $"read the blob {digest}", offset, lengthBytes, cancellation).ConfigureAwait(false);

    public ValueTask DisposeAsync() => default;
}
