using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.Repositories.Regions;

/// <summary>Whether this region may append to the ledgers that it is the home of.</summary>
public interface IHomeGate
{
    /// <summary>Why nothing may be appended now, or null where it may. Waits a moment while that is being found out.</summary>
    ValueTask<RegistryError?> FindRefusalAsync(RepositoryName repository, CancellationToken cancellation = default);
}
