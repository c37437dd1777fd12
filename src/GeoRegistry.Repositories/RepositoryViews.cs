using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;

namespace GeoRegistry.Repositories;

/// <summary>
/// All that this process keeps in memory of repositories: whoever changes tables tells it here, before anybody is
/// answered.
/// </summary>
/// <param name="reader">The reads of manifests and tags.</param>
/// <param name="blobs">The reads of blobs.</param>
public sealed class RepositoryViews(RepositoryReader reader, RepositoryBlobs blobs)
{
    /// <summary>Lets readers see operations that are on disk.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="operations">The operations of one commit.</param>
    /// <param name="at">The commit's place in the ledger: one that comes after a later one does not undo it.</param>
    public void Apply(RepositoryName repository, IReadOnlyList<Operation> operations, LedgerPoint at)
    {
        reader.Apply(repository, operations, at);
        ForgetBlobs(repository, operations);
    }

    /// <summary>Drops what operations may have changed, where it is not known whether they did.</summary>
    public void Forget(RepositoryName repository, IReadOnlyList<Operation> operations)
    {
        reader.Forget(repository, operations);
        ForgetBlobs(repository, operations);
    }

    /// <summary>Drops everything of a repository that was replaced whole.</summary>
    public void Forget(RepositoryName repository)
    {
        reader.Forget(repository);
        blobs.Forget(repository);
    }

    /// <summary>Drops everything, as the tables are others.</summary>
    public void Forget()
    {
        reader.Forget();
        blobs.Forget();
    }

    private void ForgetBlobs(RepositoryName repository, IReadOnlyList<Operation> operations)
    {
        foreach (var deleted in operations.OfType<Operation.BlobDeleted>()) blobs.Forget(repository, deleted.Digest);
    }
}
