using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.Repositories.Writes;

/// <summary>The decision on a write, given the repository's present state.</summary>
internal abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>Content that is missing here, for which another region may be asked: the reason of a refusal, or layers that a commit
    /// does without.</summary>
    public IReadOnlyList<Digest> Missing { get; init; } = [];

    /// <summary>Append these operations as one commit; none, where everything asked for is there already.</summary>
    /// <param name="Operations">The operations.</param>
    /// <param name="ChangedNames">The names that a region may have shown before and that are answered differently after
    /// (<see cref="Regions.IVisibility"/>).</param>
    public sealed record Commit(IReadOnlyList<Operation> Operations, IReadOnlyList<string> ChangedNames) : Decision;

    /// <summary>Change nothing.</summary>
    public sealed record Refuse(params IReadOnlyList<RegistryError> Errors) : Decision;
}
