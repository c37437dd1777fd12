using GeoRegistry.Ledgers.Blobs;
using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Storage.Files;

/// <summary>An open file of a blob.</summary>
internal sealed class FileBlobReader(SafeFileHandle file) : IBlobReader
{
    public long SizeBytes { get; } = RandomAccess.GetLength(file);

    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return default;
    }

    public ValueTask<Stream> OpenRangeAsync(long offset, long lengthBytes, CancellationToken cancellation = default) =>
        new(new BlobRangeStream(ReadAsync, offset, lengthBytes));

    private ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return new ValueTask<int>(RandomAccess.Read(file, buffer.Span, offset));
        }
        catch (IOException e) when (StoreFaults.IsDamage(e))
        {
            throw new InvalidDataException($"The blob's file cannot be read at {offset}: {e.Message}", e);
        }
    }
}
