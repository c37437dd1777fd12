using System.Diagnostics;
using GeoRegistry.Cluster.Tests.Regions;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>Makes faults at random, one after the other, and knows when all was whole.</summary>
internal sealed class RandomFaults(RegionCluster cluster, ChaosPolicies policies, FaultKinds kinds, Random random)
{
    /// <summary>After a region or link is back, clients may still meet connections that are not.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly HashSet<string> _made = [];
    private long _wholeSince = Stopwatch.GetTimestamp();

    /// <summary>Whether every region, link and disk worked from a moment until now, and a while before.</summary>
    /// <param name="start">In ticks of <see cref="Stopwatch"/>.</param>
    public bool WasWholeSince(long start) => Interlocked.Read(ref _wholeSince) is var whole && whole != long.MaxValue
        && start - whole > Grace.TotalSeconds * Stopwatch.Frequency;

    /// <summary>The kinds that were made, to be read once no more are.</summary>
    public IReadOnlyCollection<string> Made => _made;

    /// <summary>Makes faults, of each kind once before one comes again; at its end all is whole again.</summary>
    /// <param name="minKinds">How many kinds are made at least, however long that takes.</param>
    /// <param name="time">Ends it once so many were made.</param>
    public async Task MakeAsync(int minKinds, CancellationToken time)
    {
        var all = kinds.All;
        for (var next = 0; ; next = (next + 1) % all.Length)
        {
            var end = _made.Count < minKinds ? CancellationToken.None : time;
            if (next == 0) random.Shuffle(all);
            if (random.Next(3) == 0) await kinds.ChangePoliciesAsync(end);
            await kinds.PauseAsync(1000, 5000, end);
            if (end.IsCancellationRequested) return;
            var regions = cluster.Regions.ToArray();
            random.Shuffle(regions);
            Interlocked.Exchange(ref _wholeSince, long.MaxValue);
            await all[next](regions[0], regions[1], end);
            _made.Add(all[next].Method.Name);
            await policies.AwaitAdoptedAsync();
            Interlocked.Exchange(ref _wholeSince, Stopwatch.GetTimestamp());
        }
    }
}
