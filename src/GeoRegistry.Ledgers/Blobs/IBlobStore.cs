using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>A region's blobs, each under its digest, and the uploads that are to become blobs.</summary>
/// <remarks>
/// <para>
/// A blob is visible whole or not at all, never changes, and is the same for every repository; which repositories have it is
/// not this store's concern. Safe for any number of callers at once. A failure of the store is an exception.
/// </para>
/// <para>
/// The shape suits files (append, then rename) and object stores (stage blocks under the upload's name, commit the list once,
/// conditionally, under the digest's name) alike: an upload only ever grows at its end, and is committed once.
/// </para>
/// </remarks>
public interface IBlobStore
{
    /// <summary>The size in bytes of a blob, or null where the store does not have it.</summary>
    ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Opens a blob for reading, or returns null where the store does not have it. A blob deleted while open can be read to its end.</summary>
    ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Begins an upload.</summary>
    /// <param name="key">A name that no upload has had: 1 to 128 lower-case letters, digits and dashes.</param>
    /// <param name="cancellation">Gives up.</param>
    ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default);

    /// <summary>Takes an upload up again, after a restart or on another machine, or returns null where there is none of this name.</summary>
    /// <remarks>One holder at a time: the caller sees to it that nobody else holds the upload.</remarks>
    ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default);

    /// <summary>The keys of uploads that nothing was appended to since a moment, in no order.</summary>
    /// <param name="before">Uploads last touched earlier than this are listed.</param>
    /// <param name="cancellation">Stops between two uploads.</param>
    IAsyncEnumerable<string> ListUploadsAsync(DateTimeOffset before, CancellationToken cancellation = default);

    /// <summary>Deletes a blob.</summary>
    /// <returns>Whether there was one.</returns>
    Task<bool> DeleteAsync(Digest digest, CancellationToken cancellation = default);
}
