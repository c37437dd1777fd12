using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace GeoRegistry.Balancer.Regions;

/// <summary>Which regions may have a repository, as far as a region that may not has said so.</summary>
/// <remarks>
/// It only puts the regions that are tried first in order, so that what is out of date costs a detour and no answer:
/// a region that may no longer have the repository names those that may, and one that may after all is believed.
/// </remarks>
internal sealed class RepositoryRegions
{
    /// <summary>
    /// How many repositories are remembered: some MiB of names. The oldest is forgotten for a new one, which is then
    /// learned again.
    /// </summary>
    public const int Capacity = 10_000;

    private readonly ConcurrentDictionary<string, ImmutableArray<Region>> _regions = new();
    private readonly Queue<string> _names = new();

    /// <summary>The regions that may have a repository; empty where nothing was said of it.</summary>
    public ImmutableArray<Region> Find(string repository) => _regions.TryGetValue(repository, out var regions) ? regions : [];

    /// <summary>Remembers which regions may have a repository.</summary>
    public void Remember(string repository, ImmutableArray<Region> regions)
    {
        lock (_names)
        {
            if (!_regions.ContainsKey(repository))
            {
                // A name that was forgotten by an answer is still in the queue, and takes a place there once more.
                while (_names.Count >= Capacity) _regions.TryRemove(_names.Dequeue(), out _);
                _names.Enqueue(repository);
            }

            _regions[repository] = regions;
        }
    }

    /// <summary>Forgets a repository: another region than those that were named has answered for it.</summary>
    public void Forget(string repository) => _regions.TryRemove(repository, out _);
}
