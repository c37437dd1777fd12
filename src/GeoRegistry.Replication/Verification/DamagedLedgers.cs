using System.Collections.Immutable;
using GeoRegistry.Protocol;

namespace GeoRegistry.Replication.Verification;

/// <summary>The ledgers whose rows are known to be damaged here: nothing is answered from them until they are repaired.</summary>
public sealed class DamagedLedgers
{
    private ImmutableDictionary<long, string> _names = ImmutableDictionary<long, string>.Empty;
    private volatile ImmutableHashSet<string> _answeredByNobody = [];

    /// <summary>How many there are.</summary>
    public int Count => _names.Count;

    /// <summary>The cursors by which they are scanned again.</summary>
    internal IReadOnlyList<long> Cursors => [.. _names.Keys];

    /// <summary>Whether a repository's ledger is damaged.</summary>
    public bool Has(RepositoryName repository) => _answeredByNobody is { Count: > 0 } names && names.Contains(repository.ToString());

    internal void Add(long cursor, string name) => Set(_names.SetItem(cursor, name));

    internal void Remove(long cursor) => Set(_names.Remove(cursor));

    private void Set(ImmutableDictionary<long, string> names)
    {
        _names = names;
        _answeredByNobody = [.. names.Values];
    }
}
