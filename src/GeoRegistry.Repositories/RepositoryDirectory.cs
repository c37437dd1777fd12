using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Caching;
using GeoRegistry.Repositories.Regions;

namespace GeoRegistry.Repositories;

/// <summary>Hands out the one writer of each repository in this process.</summary>
/// <param name="homeOf">The right to append to a repository's ledger.</param>
/// <param name="ledgers">Where commits go.</param>
/// <param name="tables">What they amount to.</param>
/// <param name="views">What is kept in memory, which learns of each commit.</param>
/// <param name="remote">The blobs of other regions.</param>
/// <param name="wanted">The blobs that this region is to have.</param>
/// <param name="gate">Whether this home may append.</param>
/// <param name="visibility">Who may show what.</param>
/// <param name="clock">The time that commits bear.</param>
public sealed class RepositoryDirectory(
    Func<RepositoryName, Home> homeOf,
    ILedgerStore ledgers,
    IRepositoryTables tables,
    RepositoryViews views,
    IRemoteBlobs remote,
    IWantedBlobs wanted,
    IHomeGate gate,
    IVisibility visibility,
    TimeProvider clock)
{
    /// <summary>How many writers are kept, so that memory does not grow with the number of repositories ever written to.</summary>
    private const int MaxKept = 65536;

    // One that was dropped while it wrote is no danger: where two write, the head that an append names decides.
    private readonly GenerationalCache<RepositoryName, Repository> _repositories = new(MaxKept, _ => 1);

    /// <summary>The writer of a repository, which need not exist yet.</summary>
    public IRepository Of(RepositoryName name) =>
        _repositories.GetOrAdd(
            name,
            missing => new Repository(missing, () => homeOf(missing), ledgers, tables, views, remote, wanted, gate, visibility, clock));
}
