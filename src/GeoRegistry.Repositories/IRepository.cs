using GeoRegistry.Repositories.Writes;

namespace GeoRegistry.Repositories;

/// <summary>The writes to one repository. Each is decided and committed alone, after the one before it.</summary>
/// <remarks>Reads do not come here: they are answered from caches and tables, and wait for no write.</remarks>
public interface IRepository
{
    /// <summary>Stores a manifest and sets its tags, in one commit.</summary>
    /// <returns>
    /// Refused with <c>MANIFEST_BLOB_UNKNOWN</c> or <c>SIZE_INVALID</c> for content that is missing or of another size,
    /// with <c>DENIED</c> and the status 412 where the precondition does not hold.
    /// </returns>
    Task<WriteOutcome> PutManifestAsync(PutManifest command, CancellationToken cancellation = default);

    /// <summary>Deletes a tag, or a manifest with all its tags.</summary>
    /// <returns>
    /// Refused with <c>MANIFEST_UNKNOWN</c> or <c>NAME_UNKNOWN</c> where there is nothing to delete, with <c>DENIED</c> and the status
    /// 405 while an index of the repository lists the manifest, 412 where the precondition does not hold.
    /// </returns>
    Task<WriteOutcome> DeleteAsync(DeleteReference command, CancellationToken cancellation = default);

    /// <summary>Takes a blob out of the repository.</summary>
    /// <returns>
    /// Refused with <c>BLOB_UNKNOWN</c> where it is not there, with <c>DENIED</c> and the status 405 while a manifest
    /// names it.
    /// </returns>
    Task<WriteOutcome> DeleteBlobAsync(DeleteBlob command, CancellationToken cancellation = default);
}
