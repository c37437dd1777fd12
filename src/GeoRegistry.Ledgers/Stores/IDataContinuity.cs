namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// Tells that a metadata store has other data than this region wrote last: a standby was promoted, or a copy put in place.
/// </summary>
/// <remarks>
/// Commits that were acknowledged may be missing then. So calls wait until the region has recovered what others have
/// (<see cref="Recover"/>, <see cref="Release"/>), and nothing is appended before
/// <see cref="ILedgerStore.BeginIncarnationAsync"/> has begun another incarnation of the feed.
/// </remarks>
public interface IDataContinuity
{
    /// <summary>
    /// What happened to the data, as the end of a sentence whose subject is it; null while it is what this region wrote.
    /// </summary>
    string? Break { get; }

    /// <summary>
    /// Is raised before anything of the other data is answered, and again for each further one. A handler is quick, and does not call
    /// the store.
    /// </summary>
    event Action? Broken;

    /// <summary>Calls that are made from here on in this flow of execution do not wait.</summary>
    void Recover();

    /// <summary>Calls that wait go on, and no others wait: by what the region has recovered, or as it says that it has not.</summary>
    void Release();
}
