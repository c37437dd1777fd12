using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Caching;
using GeoRegistry.Repositories.Reads;

namespace GeoRegistry.Repositories;

/// <summary>Hands out the one writer of each repository in this process.</summary>
/// <param name="home">The right to append.</param>
/// <param name="ledgers">Where commits go.</param>
/// <param name="tables">What they amount to.</param>
/// <param name="reader">The reads, which learn of each commit.</param>
/// <param name="blobs">The blobs, likewise.</param>
/// <param name="clock">The time that commits bear.</param>
public sealed class RepositoryDirectory(
    Home home, ILedgerStore ledgers, IRepositoryTables tables, RepositoryReader reader, RepositoryBlobs blobs, TimeProvider clock)
{
    /// <summary>How many writers are kept, so that memory does not grow with the number of repositories ever written to.</summary>
    private const int MaxKept = 65536;

    // One that was dropped while it wrote is no danger: where two write, the head that an append names decides.
    private readonly GenerationalCache<RepositoryName, Repository> _repositories = new(MaxKept, _ => 1);

    /// <summary>The writer of a repository, which need not exist yet.</summary>
    public IRepository Of(RepositoryName name) =>
        _repositories.GetOrAdd(name, missing => new Repository(missing, home, ledgers, tables, reader, blobs, clock));
}
