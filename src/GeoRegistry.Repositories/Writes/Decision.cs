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
    public sealed record Commit(IReadOnlyList<Operation> Operations) : Decision;

    /// <summary>Change nothing.</summary>
    public sealed record Refuse(params IReadOnlyList<RegistryError> Errors) : Decision;
}
