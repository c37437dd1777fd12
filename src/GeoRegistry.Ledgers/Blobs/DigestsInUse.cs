using System.Collections.Concurrent;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>How many use each of some blobs at the moment. Safe for any number of callers at once.</summary>
public sealed class DigestsInUse
{
    private readonly ConcurrentDictionary<Digest, int> _counts = new();

    /// <summary>Records one more who uses a blob, until <see cref="End"/>.</summary>
    public void Begin(Digest digest) => _counts.AddOrUpdate(digest, 1, (_, count) => count + 1);

    /// <summary>Records that one of them has ended.</summary>
    public void End(Digest digest)
    {
        if (_counts.AddOrUpdate(digest, 0, (_, count) => count - 1) == 0) _counts.TryRemove(KeyValuePair.Create(digest, 0));
    }

    /// <summary>How many use a blob now.</summary>
    public int CountOf(Digest digest) => _counts.GetValueOrDefault(digest);
}
