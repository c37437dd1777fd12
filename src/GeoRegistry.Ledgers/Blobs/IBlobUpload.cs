using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>An upload in progress, held by one caller at a time. Disposing it lets go of it; the upload stays and can be resumed.</summary>
public interface IBlobUpload : IAsyncDisposable
{
    /// <summary>How many bytes it has.</summary>
    long SizeBytes { get; }

    /// <summary>Adds bytes at the end.</summary>
    /// <param name="data">The bytes; the caller's, and not kept.</param>
    /// <param name="cancellation">Gives up; the upload may have grown by a part of the data.</param>
    /// <remarks>
    /// What was appended survives the end of this process once <see cref="FlushAsync"/> has returned.
    /// After an exception the size is what the upload really has.
    /// </remarks>
    ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default);

    /// <summary>Hands everything appended to the store, so that <see cref="IBlobStore.ResumeUploadAsync"/> finds it after a crash of this process.</summary>
    ValueTask FlushAsync(CancellationToken cancellation = default);

    /// <summary>Takes back the bytes from an offset on.</summary>
    /// <param name="sizeBytes">The size that stays, at most <see cref="SizeBytes"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    ValueTask TruncateAsync(long sizeBytes, CancellationToken cancellation = default);

    /// <summary>Reads back what was appended; as <see cref="IBlobReader.ReadAsync"/>.</summary>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default);

    /// <summary>Makes the upload the blob of a digest and ends it. When it returns, the blob is on disk, its directory entry too, and visible.</summary>
    /// <param name="digest">The digest of the bytes, which the caller has verified. Where the blob exists already, the upload is dropped.</param>
    /// <param name="cancellation">Gives up before the blob becomes visible.</param>
    Task CommitAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Ends the upload and leaves nothing of it.</summary>
    ValueTask DiscardAsync(CancellationToken cancellation = default);
}
