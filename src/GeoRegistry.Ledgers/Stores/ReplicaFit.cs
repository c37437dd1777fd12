using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>How a commit of another region's feed fits its ledger as it is here.</summary>
public enum ReplicaFit
{
    /// <summary>The next commit of its ledger.</summary>
    Next,

    /// <summary>The ledger has it.</summary>
    Known,

    /// <summary>Of a history that a later epoch has ended.</summary>
    Ended,

    /// <summary>The ledger here must be repaired first.</summary>
    Faulty,
}

/// <summary>What decides how a commit fits.</summary>
public static class ReplicaFits
{
    /// <summary>Decides how a commit fits.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="head">The ledger's head here.</param>
    /// <param name="next">The head with the commit; null where its number is not the next.</param>
    /// <param name="checksum">The ledger's checksum after the commit, as the feed has it.</param>
    /// <param name="keptChecksum">Finds the checksum of the ledger's commit of this number here; nothing where it is not kept.</param>
    /// <remarks>Epochs never fall along a history: one later than the head's cannot be within it, one earlier cannot follow it.</remarks>
    public static ReplicaFit Of(
        Commit commit, LedgerHead head, LedgerHead? next, ReadOnlySpan<byte> checksum, Func<long, ReadOnlyMemory<byte>> keptChecksum)
    {
        if (commit.Number > head.Number)
        {
            if (commit.Epoch < head.Epoch) return ReplicaFit.Ended;
            return next is not null && next.Checksum.Span.SequenceEqual(checksum) ? ReplicaFit.Next : ReplicaFit.Faulty;
        }

        var kept = commit.Number == head.Number ? head.Checksum : keptChecksum(commit.Number);
        if (commit.Epoch <= head.Epoch && (kept.IsEmpty || kept.Span.SequenceEqual(checksum))) return ReplicaFit.Known;
        return commit.Epoch < head.Epoch ? ReplicaFit.Ended : ReplicaFit.Faulty;
    }
}
