using GeoRegistry.Ledgers.Blobs;
using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Storage.Files;

/// <summary>An open file of a blob.</summary>
internal sealed class FileBlobReader(SafeFileHandle file) : IBlobReader
{
    public long SizeBytes { get; } = RandomAccess.GetLength(file);

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default) =>
        new(RandomAccess.Read(file, buffer.Span, offset));

    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return default;
    }
}
