using GeoRegistry.Ledgers;
using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.Repositories.Writes;

/// <summary>The outcome of a write to a repository.</summary>
public abstract record WriteOutcome
{
    private WriteOutcome()
    {
    }

    /// <summary>It is on disk and visible.</summary>
    /// <param name="Head">The ledger's head, at or before which the write is; an earlier commit where there was nothing to change.</param>
    /// <param name="Position">That commit's position, which is its receipt; null where the commit is not kept any more.</param>
    public sealed record Committed(LedgerHead Head, FeedPosition? Position) : WriteOutcome;

    /// <summary>It was refused, and nothing has changed.</summary>
    /// <param name="Errors">Why; at least one.</param>
    public sealed record Refused(params IReadOnlyList<RegistryError> Errors) : WriteOutcome;
}
