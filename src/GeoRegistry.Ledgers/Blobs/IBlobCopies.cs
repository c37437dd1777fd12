using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>
/// What a blob store may add: a store copies a blob from another region's by itself, so that its bytes pass through no server.
/// </summary>
public interface IBlobCopies
{
    /// <summary>A URL at which another region's store reads a blob, for as long as a copy may take.</summary>
    /// <param name="digest">A blob that the store has.</param>
    /// <returns>The URL, which is a secret; null where this store has no right to give one.</returns>
    ValueTask<Uri?> OfferAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Makes an upload what is at another region's URL, and waits until it is.</summary>
    /// <param name="upload">An upload of this store, empty and held by the caller.</param>
    /// <param name="source">What the other region's store offers.</param>
    /// <param name="cancellation">Aborts the copy.</param>
    /// <returns>Null where all is copied and flushed; the bytes are whatever is there, and nobody has hashed them. Else why it was not
    /// copied, for people.</returns>
    /// <remarks>
    /// After a copy that was cancelled or not made, the upload is truncated to 0 before anything else is done with it. One that the
    /// process did not live to see the end of is aborted by whoever resumes the upload.
    /// </remarks>
    /// <exception cref="UploadTakenOverException">Another holds the upload.</exception>
    Task<string?> CopyAsync(IBlobUpload upload, Uri source, CancellationToken cancellation = default);
}
