namespace GeoRegistry.Ledgers.Stores;

/// <summary>Tells that a metadata store has other data than this region wrote last: a standby was promoted, or a copy put in place.</summary>
/// <remarks>
/// Commits that were acknowledged may be missing then. Nothing is appended until <see cref="ILedgerStore.BeginIncarnationAsync"/>
/// has begun another incarnation of the feed, after the region has recovered what other regions have.
/// </remarks>
public interface IDataContinuity
{
    /// <summary>What happened to the data, as the end of a sentence whose subject is it; null while it is what this region wrote.</summary>
    string? Break { get; }

    /// <summary>
    /// Is raised before anything of the other data is answered, and again for each further one. A handler is quick, and does not call
    /// the store.
    /// </summary>
    event Action? Broken;
}
