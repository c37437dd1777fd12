using System.Diagnostics;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Regions;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>Makes trouble at random, one after the other, and knows when all was whole.</summary>
internal sealed class Trouble(RegionCluster cluster, Random random)
{
    /// <summary>After a region or link is back, clients may still meet connections that are not.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly List<string> _done = [];
    private readonly Lock _lock = new();
    private long _wholeSince = Stopwatch.GetTimestamp();

    /// <summary>All that was done, in order.</summary>
    public IReadOnlyList<string> Done
    {
        get
        {
            lock (_lock) return [.. _done];
        }
    }

    /// <summary>Whether every region and link worked from a moment until now, and a while before.</summary>
    /// <param name="start">In ticks of <see cref="Stopwatch"/>.</param>
    public bool WasWholeSince(long start) => Interlocked.Read(ref _wholeSince) is var whole && whole != long.MaxValue
        && start - whole > Grace.TotalSeconds * Stopwatch.Frequency;

    /// <summary>Makes trouble until it is told to end; then all is whole again.</summary>
    public async Task MakeAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await PauseAsync(2000, 7000, end);
            if (end.IsCancellationRequested) return;
            Interlocked.Exchange(ref _wholeSince, long.MaxValue);
            await MakeOneAsync(end);
            Interlocked.Exchange(ref _wholeSince, Stopwatch.GetTimestamp());
        }
    }

    private async Task MakeOneAsync(CancellationToken end)
    {
        var regions = cluster.Regions.Select(region => region.Id).ToArray();
        random.Shuffle(regions);
        var mode = random.Next(2) == 0 ? CutMode.Silent : CutMode.Refused;
        switch (random.Next(6))
        {
            case 0:
                Say($"kill {regions[0]}");
                await cluster[regions[0]].KillAsync();
                await PauseAsync(0, 3000, end);
                await cluster[regions[0]].StartAsync();
                break;
            case 1:
                Say($"stop {regions[0]}");
                await cluster[regions[0]].StopAsync();
                await PauseAsync(0, 3000, end);
                await cluster[regions[0]].StartAsync();
                break;
            case 2:
                Say($"cut {regions[0]}–{regions[1]} ({mode})");
                cluster.Cut(regions[0], regions[1], mode);
                await PauseAsync(500, 8000, end);
                cluster.Heal(regions[0], regions[1]);
                break;
            case 3:
                Say($"cut off {regions[0]} ({mode})");
                cluster.CutOff(regions[0], mode);
                await PauseAsync(500, 8000, end);
                cluster.Rejoin(regions[0]);
                break;
            case 4:
                Say("reset all connections");
                foreach (var link in cluster.Links) link.ResetConnections();
                break;
            default:
                Say($"cut off {regions[0]} ({mode}) and kill {regions[1]}");
                cluster.CutOff(regions[0], mode);
                await cluster[regions[1]].KillAsync();
                await PauseAsync(0, 4000, end);
                cluster.Rejoin(regions[0]);
                await cluster[regions[1]].StartAsync();
                break;
        }
    }

    private void Say(string what)
    {
        lock (_lock) _done.Add(what);
    }

    private async Task PauseAsync(int minMilliseconds, int maxMilliseconds, CancellationToken end)
    {
        try
        {
            await Task.Delay(random.Next(minMilliseconds, maxMilliseconds), end);
        }
        catch (OperationCanceledException)
        {
            // What was broken is mended at once.
        }
    }
}
