using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>An upload in progress, held by one caller at a time. Disposing it closes it; the upload stays and can be resumed.</summary>
public interface IBlobUpload : IAsyncDisposable
{
    /// <summary>How many bytes it has, those included that are not flushed yet.</summary>
    long SizeBytes { get; }

    /// <summary>How many of its bytes are flushed: only these can be read back, and only these survive this process.</summary>
    long FlushedBytes { get; }

    /// <summary>Adds bytes at the end.</summary>
    /// <param name="data">The bytes; the caller's, and not kept.</param>
    /// <param name="cancellation">Cancels the call; the upload may have grown by a part of the data.</param>
    /// <remarks>After an exception the size is what the upload really has.</remarks>
    ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default);

    /// <summary>
    /// Hands everything appended to the store, so that <see cref="IBlobStore.ResumeUploadAsync"/> finds it after a crash
    /// of this process.
    /// </summary>
    ValueTask FlushAsync(CancellationToken cancellation = default);

    /// <summary>Removes the bytes from an offset on, and gives back their space.</summary>
    /// <param name="sizeBytes">The size that stays: 0, or a size at which the upload was flushed. Object stores remove whole blocks
    /// only.</param>
    ValueTask TruncateAsync(long sizeBytes, CancellationToken cancellation = default);

    /// <summary>Reads back what was flushed.</summary>
    /// <param name="offset">Where to begin, from 0 to <see cref="FlushedBytes"/>.</param>
    /// <param name="buffer">Where to put the bytes; the caller's, and not kept.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>How many bytes were read: at least one before <see cref="FlushedBytes"/>, 0 at it.</returns>
    /// <remarks>Safe beside appends and flushes of the holder: readers of a growing upload call it from other threads.</remarks>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default);

    /// <summary>
    /// Makes the upload the blob of a digest and ends it. When it returns, the blob is on disk, its directory entry too,
    /// and visible.
    /// </summary>
    /// <param name="digest">The digest of the bytes, which the caller has verified. Where the blob exists already, the upload is
    /// dropped.</param>
    /// <param name="cancellation">Cancels the call before the blob becomes visible.</param>
    /// <remarks>
    /// The blob's age counts from now, whether it existed or not. After an exception the upload can still be truncated or
    /// discarded. Where the blob became visible before the exception, the upload has ended and neither changes the blob; whoever is
    /// told of it then (<see cref="IBlobStore.FindAsync"/>, <see cref="IBlobStore.TouchAsync"/>) is told once it is on disk.
    /// </remarks>
    Task CommitAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Ends the upload and leaves nothing of it.</summary>
    ValueTask DiscardAsync(CancellationToken cancellation = default);
}
