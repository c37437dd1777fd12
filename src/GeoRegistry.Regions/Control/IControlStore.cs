using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Regions.Control;

/// <summary>Where the regions agree on the topology. Nothing in the way of a pull or a push asks it.</summary>
public interface IControlStore
{
    /// <summary>Reads the topology.</summary>
    /// <exception cref="InvalidDataException">There is none, or it has faults; the message lists them.</exception>
    Task<Topology> ReadAsync(CancellationToken cancellation = default);

    /// <summary>Replaces the topology, unless another did first.</summary>
    /// <param name="expectedVersion">The version that the new one was made from; 0 where there must be none yet.</param>
    /// <param name="next">The new topology; its version is the next one.</param>
    /// <param name="cancellation">Cancels before the topology is replaced.</param>
    /// <returns>Whether it was replaced; otherwise another version was there. On disk when it returns.</returns>
    Task<bool> TryReplaceAsync(long expectedVersion, Topology next, CancellationToken cancellation = default);
}
