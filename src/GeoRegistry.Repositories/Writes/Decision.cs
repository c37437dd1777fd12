using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.Repositories.Writes;

/// <summary>What a write comes to, given what stands.</summary>
internal abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>Append these operations as one commit; none, where everything asked for stands already.</summary>
    /// <param name="Operations">The operations.</param>
    /// <param name="ChangesAnswers">Whether something that a replica could answer by itself is answered differently after: a tag that moves or goes, a list of referrers.</param>
    public sealed record Commit(IReadOnlyList<Operation> Operations, bool ChangesAnswers) : Decision;

    /// <summary>Change nothing.</summary>
    public sealed record Refuse(params IReadOnlyList<RegistryError> Errors) : Decision;
}
