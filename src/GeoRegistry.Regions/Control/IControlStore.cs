using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Regions.Control;

/// <summary>Where the regions agree on the topology. Nothing in the way of a pull or a push asks it.</summary>
public interface IControlStore
{
    /// <summary>Reads the topology: no older one than any that was acknowledged before.</summary>
    /// <exception cref="InvalidDataException">There is none, or it has faults; the message lists them.</exception>
    /// <exception cref="ControlStoreUnavailableException">The store does not answer.</exception>
    Task<Topology> ReadAsync(CancellationToken cancellation = default);

    /// <summary>Replaces the topology, unless another did first.</summary>
    /// <param name="expectedVersion">The version that the new one was made from; 0 where there must be none yet.</param>
    /// <param name="next">The new topology; its version is higher.</param>
    /// <param name="cancellation">Cancels before the topology is replaced.</param>
    /// <returns>
    /// Whether <paramref name="next"/> is there now; otherwise another version than expected is. On disk when it returns. A repetition
    /// finds its own document there, and returns true.
    /// </returns>
    /// <exception cref="InvalidDataException">The topology that is there has faults: it is not overwritten.</exception>
    /// <exception cref="ControlStoreUnavailableException">The store does not answer; the topology may have been replaced.</exception>
    Task<bool> TryReplaceAsync(long expectedVersion, Topology next, CancellationToken cancellation = default);

    /// <summary>Follows the topology: gives the one that is there, and then each other one, until it is cancelled or fails.</summary>
    /// <remarks>
    /// Of several changes in a short time only the last may be given. What is given may be older than what was given before, where the
    /// store was restored from a backup or the document put back.
    /// </remarks>
    /// <exception cref="InvalidDataException">There is no topology, or it has faults. It may be followed again after a while.</exception>
    /// <exception cref="ControlStoreUnavailableException">The store does not answer. Likewise.</exception>
    IAsyncEnumerable<Topology> WatchAsync(CancellationToken cancellation = default);
}
