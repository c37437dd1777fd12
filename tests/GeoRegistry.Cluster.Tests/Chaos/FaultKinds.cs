using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>The kinds of faults. Each ends with all repaired again, at once where it is cancelled.</summary>
/// <param name="cluster">The regions.</param>
/// <param name="disks">The disk of each.</param>
/// <param name="policies">Their policies.</param>
/// <param name="damage">Damages their blobs.</param>
/// <param name="settled">What all regions have, and nobody changes or damages.</param>
/// <param name="unread">The blobs that nobody reads before the end.</param>
/// <param name="random">Chance.</param>
internal sealed class FaultKinds(
    RegionCluster cluster,
    IReadOnlyDictionary<string, SmallDisk> disks,
    ChaosPolicies policies,
    BlobDamage damage,
    (string Repository, TestImage Image) settled,
    IEnumerable<string> unread,
    Random random)
{
    private readonly List<string> _done = [];
    private readonly Lock _lock = new();

    /// <summary>All of them: of a region, or of it and another.</summary>
    public Func<ClusterRegion, ClusterRegion, CancellationToken, Task>[] All =>
    [
        RestartAsync, CutAsync, CutOffAsync, ResetAsync, CutOffAndKillAsync, ChangePoliciesAroundRestartsAsync,
        ChangePoliciesCutOffAsync, FillDiskAsync, DamageStoppedAsync, DamageRunningAsync,
    ];

    /// <summary>All that was done, in order.</summary>
    public IReadOnlyList<string> Done
    {
        get
        {
            lock (_lock) return [.. _done];
        }
    }

    /// <summary>Changes a policy, which is no fault while all works: pulls go on where they are allowed.</summary>
    public async Task ChangePoliciesAsync(CancellationToken end)
    {
        ChangePolicy();
        await PauseAsync(0, 4000, end);
        await policies.AwaitAdoptedAsync();
    }

    /// <summary>Waits as long as chance says, or until the end.</summary>
    public async Task PauseAsync(int minMilliseconds, int maxMilliseconds, CancellationToken end)
    {
        try
        {
            await Task.Delay(random.Next(minMilliseconds, maxMilliseconds), end);
        }
        catch (OperationCanceledException)
        {
            // What was broken is repaired at once.
        }
    }

    private async Task RestartAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        await EndAsync(region);
        await PauseAsync(0, 3000, end);
        await region.StartAsync();
    }

    private async Task CutAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        var mode = NextMode();
        Say($"cut {region.Id}–{other.Id} ({mode})");
        cluster.Cut(region.Id, other.Id, mode);
        await PauseAsync(500, 8000, end);
        cluster.Heal(region.Id, other.Id);
    }

    private async Task CutOffAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        CutOff(region);
        await PauseAsync(500, 8000, end);
        cluster.Rejoin(region.Id);
    }

    private Task ResetAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        Say("reset all connections");
        foreach (var link in cluster.Links) link.ResetConnections();
        return Task.CompletedTask;
    }

    private async Task CutOffAndKillAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        CutOff(region);
        await EndAsync(other);
        await PauseAsync(0, 4000, end);
        cluster.Rejoin(region.Id);
        await other.StartAsync();
    }

    private async Task ChangePoliciesAroundRestartsAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        await EndAsync(region);
        ChangePolicy();
        await PauseAsync(0, 3000, end);
        await region.StartAsync();
        await PauseAsync(0, 2000, end); // It may be taking over what it may have now.
        await EndAsync(region);
        ChangePolicy();
        await region.StartAsync();
    }

    private async Task ChangePoliciesCutOffAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        CutOff(region);
        ChangePolicy();
        await PauseAsync(500, 5000, end);
        if (random.Next(2) == 0) ChangePolicy();
        cluster.Rejoin(region.Id);
    }

    // Pulls go on, also of a region that starts on a full disk. A topology is adopted on disk first, so none is new then.
    private async Task FillDiskAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        Say($"fill the disk of {region.Id}");
        disks[region.Id].Fill();
        await PauseAsync(500, 4000, end);
        var restarts = random.Next(2) == 0;
        if (restarts) await EndAsync(region);
        else ChangePolicy();
        if (restarts) await region.StartAsync();
        await region.Client.PullExactlyAsync(settled.Repository, settled.Image.Digest, settled.Image);
        await PauseAsync(0, 2000, end);
        if (random.Next(2) == 0) await EndAsync(region);
        disks[region.Id].Free();
        if (!region.IsUp) await region.StartAsync();
    }

    // Not one byte of what is damaged while the region is stopped is ever served: whoever records what it reads sees to that.
    private async Task DamageStoppedAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        await EndAsync(region);
        Say($"damage {damage.Damage(region, random)} blobs of {region.Id}");
        await region.StartAsync();
        if (random.Next(2) == 0) return;
        await PauseAsync(0, 2000, end); // It may be repairing them.
        await EndAsync(region);
        await region.StartAsync();
    }

    private async Task DamageRunningAsync(ClusterRegion region, ClusterRegion other, CancellationToken end)
    {
        Say($"damage {damage.Damage(region, random, unread)} blobs of {region.Id} while it runs");
        await region.Client.PostAsync<VerificationAnswer>($"/api/v1/replication/verify?repair=true&region={region.Id}");
        await PauseAsync(0, 1000, end);
        if (random.Next(2) == 0) return;
        await EndAsync(region);
        await region.StartAsync();
    }

    private async Task EndAsync(ClusterRegion region)
    {
        var kills = random.Next(2) == 0;
        Say($"{(kills ? "kill" : "stop")} {region.Id}");
        await (kills ? region.KillAsync() : region.StopAsync());
    }

    private void CutOff(ClusterRegion region)
    {
        var mode = NextMode();
        Say($"cut off {region.Id} ({mode})");
        cluster.CutOff(region.Id, mode);
    }

    private void ChangePolicy() => Say(policies.Change(random));

    private CutMode NextMode() => random.Next(2) == 0 ? CutMode.Silent : CutMode.Refused;

    private void Say(string what)
    {
        lock (_lock) _done.Add(what);
    }
}
