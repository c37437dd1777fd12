using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Which regions sent damaged copies of which blobs: they are asked last. Safe for any number of callers.</summary>
/// <remarks>In memory only: after a restart, a fetch finds the damage again and goes on with the next region.</remarks>
internal sealed partial class DamagedCopies(ILogger logger)
{
    /// <summary>How many blobs are remembered; beyond that the oldest is forgotten.</summary>
    internal const int MaxBlobs = 1000;

    private readonly Lock _changes = new();
    private readonly OrderedDictionary<Digest, HashSet<RegionId>> _regions = [];

    /// <summary>Remembers that a region's copy of a blob is damaged.</summary>
    public void Add(Digest digest, RegionId region, string reason)
    {
        lock (_changes)
        {
            if (!_regions.TryGetValue(digest, out var regions))
            {
                if (_regions.Count == MaxBlobs) _regions.RemoveAt(0);
                _regions[digest] = regions = [];
            }

            if (!regions.Add(region)) return;
        }

        LogDamaged(region, digest, reason);
    }

    /// <summary>Whether a region is known to have a damaged copy of a blob.</summary>
    public bool Has(Digest digest, RegionId region)
    {
        lock (_changes) return _regions.TryGetValue(digest, out var regions) && regions.Contains(region);
    }

    /// <summary>Forgets a blob, which is stored here now.</summary>
    public void Forget(Digest digest)
    {
        lock (_changes) _regions.Remove(digest);
    }

    [LoggerMessage(
        11,
        LogLevel.Warning,
        "Region {Region} has a damaged copy of the blob {Digest}; it is asked last from now on. "
            + "Replace the copy there by an intact one. {Reason}")]
    private partial void LogDamaged(RegionId region, Digest digest, string reason);
}
