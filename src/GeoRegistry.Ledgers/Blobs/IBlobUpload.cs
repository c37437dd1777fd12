using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>An upload in progress, held by one caller at a time. Disposing it closes it; the upload stays and can be resumed.</summary>
/// <remarks>
/// Who holds it is decided by <see cref="IBlobStore.ResumeUploadAsync"/>: each call that changes it throws an
/// <see cref="UploadTakenOverException"/>, at the latest where it reaches the store, when another has resumed it since.
/// </remarks>
public interface IBlobUpload : IAsyncDisposable
{
    /// <summary>Names this hold of the upload. No other has it, on any machine.</summary>
    string Holder { get; }

    /// <summary>
    /// The <see cref="Holder"/> before this one, if the store knows it. What a caller remembers of the bytes, such as their hash, counts
    /// only if that was itself: others may have replaced them, up to the same size.
    /// </summary>
    string? PreviousHolder { get; }

    /// <summary>
    /// How many bytes are worth a flush where nobody waits for them: 0 where it costs nothing, more where each is a request and a block.
    /// </summary>
    long FlushWorthBytes => 0;

    /// <summary>How many bytes it has, those included that are not flushed yet.</summary>
    long SizeBytes { get; }

    /// <summary>How many of its bytes are flushed: only these can be read back, and only these survive this process.</summary>
    long FlushedBytes { get; }

    /// <summary>Adds bytes at the end.</summary>
    /// <param name="data">The bytes; the caller's, and not kept.</param>
    /// <param name="cancellation">Cancels the call; the upload may have grown by a part of the data.</param>
    /// <remarks>After an exception the size is what the upload really has, which may be less than before: what is not flushed can be
    /// lost.</remarks>
    /// <exception cref="UploadFullException">It may not have more parts.</exception>
    ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default);

    /// <summary>
    /// Hands everything appended to the store, so that <see cref="IBlobStore.ResumeUploadAsync"/> finds it after a crash
    /// of this process.
    /// </summary>
    /// <exception cref="UploadFullException">It may not have more parts.</exception>
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
