using System.Collections.Immutable;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;

namespace GeoRegistry.Replication.Verification;

/// <summary>The ledgers whose rows are known to be damaged here: nothing is answered from them until they are repaired.</summary>
public sealed class DamagedLedgers
{
    private readonly Lock _lock = new();
    private volatile ImmutableDictionary<long, LedgerId> _all = ImmutableDictionary<long, LedgerId>.Empty;
    private volatile ImmutableHashSet<string> _answeredByNobody = [];

    /// <summary>How many there are.</summary>
    public int Count => _all.Count;

    /// <summary>All of them, by the cursors by which they are scanned again.</summary>
    internal IReadOnlyDictionary<long, LedgerId> All => _all;

    /// <summary>Whether a repository's ledger is damaged.</summary>
    public bool Has(RepositoryName repository) => _answeredByNobody is { Count: > 0 } names && names.Contains(repository.ToString());

    internal void Add(long cursor, LedgerId ledger) => Change(all => all.SetItem(cursor, ledger));

    /// <returns>Whether it was there.</returns>
    internal bool Remove(long cursor) => Change(all => all.Remove(cursor));

    private bool Change(Func<ImmutableDictionary<long, LedgerId>, ImmutableDictionary<long, LedgerId>> change)
    {
        lock (_lock)
        {
            var next = change(_all);
            if (next == _all) return false;
            _all = next;
            _answeredByNobody = [.. next.Values.Select(ledger => ledger.Name)];
            return true;
        }
    }
}
