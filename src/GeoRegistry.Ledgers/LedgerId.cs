using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers;

/// <summary>What a ledger is the history of; the values are part of stored formats and never change.</summary>
public enum LedgerKind : byte
{
    /// <summary>A repository: its manifests and tags.</summary>
    Repository = 1,
}

/// <summary>The name of a ledger, the ordered history of one thing that has one owner.</summary>
/// <param name="Kind">What it is the history of.</param>
/// <param name="Name">The thing's name; a repository's name for <see cref="LedgerKind.Repository"/>.</param>
public readonly record struct LedgerId(LedgerKind Kind, string Name)
{
    /// <summary>The ledger of a repository.</summary>
    public static LedgerId Of(RepositoryName repository) => new(LedgerKind.Repository, repository.ToString());

    /// <summary>Such as <c>repository:library/debian</c>.</summary>
    public override string ToString() => $"{Kind.ToString().ToLowerInvariant()}:{Name}";
}
