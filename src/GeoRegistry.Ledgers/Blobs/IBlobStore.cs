using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>A region's blobs, each under its digest, and the uploads that are to become blobs.</summary>
/// <remarks>
/// <para>
/// A blob is visible whole or not at all, never changes, and is the same for every repository; which repositories have it is
/// not this store's concern. Safe for any number of callers at once. A failure of the store is an exception;
/// a <see cref="StoreFaultException"/> where the store is full or may not be written, a <see cref="StoreUnavailableException"/>
/// where it does not answer.
/// </para>
/// <para>
/// The port asks only what files and object stores can both do: append and seal an upload, stat many blobs, open a
/// range as a stream, list with ages, delete what is old. An upload only ever grows at its end, and is sealed once.
/// </para>
/// </remarks>
public interface IBlobStore
{
    /// <summary>The size in bytes of a blob, or null where the store does not have it. One that is found is on disk.</summary>
    ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>The sizes in bytes of those blobs that the store has; the others are left out.</summary>
    /// <param name="digests">Any number of blobs; the same one may be named twice.</param>
    ValueTask<IReadOnlyDictionary<Digest, long>> StatManyAsync(
        IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default);

    /// <summary>
    /// Opens a blob for reading, or returns null where the store does not have it.
    /// </summary>
    /// <remarks>
    /// A blob that is deleted while it is open can be read to its end where the store keeps open files; an object store answers ranges
    /// that are opened after the delete with a <see cref="FileNotFoundException"/>.
    /// </remarks>
    ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Every blob, in no order. A blob that is stored or deleted meanwhile may be listed or not.</summary>
    IAsyncEnumerable<StoredBlob> ListAsync(CancellationToken cancellation = default);

    /// <summary>Makes a blob as young as one stored now, so that a conditional delete that is already decided on leaves it.</summary>
    /// <returns>Whether there is one; false after a delete, however close.</returns>
    ValueTask<bool> TouchAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Deletes a blob.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="ifOlderThan">
    /// Deletes it only if it was stored or touched before this moment. The check and the delete are one step: no commit or touch
    /// of the blob comes between. Null deletes it whatever its age.
    /// </param>
    /// <param name="cancellation">Has no effect once the blob is deleted.</param>
    /// <returns>Whether a blob was deleted.</returns>
    Task<bool> DeleteAsync(Digest digest, DateTimeOffset? ifOlderThan = null, CancellationToken cancellation = default);

    /// <summary>
    /// Removes a blob whose bytes are damaged, at once and for all who open it from then on. A store may keep the bytes
    /// elsewhere for an operator.
    /// </summary>
    Task SetAsideAsync(Digest digest, CancellationToken cancellation = default) => DeleteAsync(digest, ifOlderThan: null, cancellation);

    /// <summary>Begins an upload.</summary>
    /// <param name="key">A name that no upload has had: 1 to 128 lower-case letters, digits and dashes.</param>
    ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default);

    /// <summary>Opens an upload again, after a restart or on another machine, or returns null where there is none of this name.</summary>
    /// <remarks>
    /// It is taken over from whoever held it: the last to resume holds it, and the store itself sees to it. The next call of an earlier
    /// holder that reaches the store throws an <see cref="UploadTakenOverException"/> and changes nothing; so does one that was under
    /// way, unless it was done before. Reading back is not refused.
    /// </remarks>
    ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default);

    /// <summary>
    /// Every upload in progress, in no order. Whoever owns the keys of a form deletes the leftovers of that form, and no
    /// others.
    /// </summary>
    IAsyncEnumerable<StoredUpload> ListUploadsAsync(CancellationToken cancellation = default);
}
