using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Topologies;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Homes;

/// <summary>Lets a home that lost commits, or cannot find out whether it did, take writes again: an operator decides it.</summary>
/// <remarks>
/// What the regions that can be reached have is brought back first. Then the home continues under a new incarnation, and the epochs
/// of its homes are raised in the topology, which lets the others follow it. Commits that only unreachable regions have are lost:
/// when those come back, snapshots replace them. A repetition after a failure in the middle begins again, and does no harm.
/// </remarks>
public sealed partial class HomeResumption(
    RegionMap map,
    IControlStore control,
    ILedgerStore ledgers,
    LedgerRepair repair,
    HomeGate gate,
    ReadLeases leases,
    AdoptedTopology topologies,
    ILogger<HomeResumption> logger)
{
    /// <summary>How often the topology is written again because somebody else changed it meanwhile.</summary>
    private const int MaxAttempts = 8;

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Resumes this region.</summary>
    /// <param name="cancellation">Cancels; a repetition completes it.</param>
    /// <returns>What was done; null where the region takes writes already.</returns>
    public async Task<ResumptionReport?> ResumeAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (gate.Reason is not { } reason) return null;
            LogResuming(map.Self, reason);
            var (reached, unreachable, recovered) = (new List<string>(), new List<string>(), 0);
            foreach (var region in map.Others.Select(other => other.Id).ToList())
            {
                try
                {
                    recovered += await repair.RecoverFromAsync(region, cancellation).ConfigureAwait(false);
                    reached.Add(region.ToString());
                }
                catch (OtherRegionsUnreachableException)
                {
                    unreachable.Add(region.ToString());
                }
            }

            var incarnation = await ledgers.BeginIncarnationAsync(cancellation).ConfigureAwait(false);
            leases.Restart();
            var next = await WriteTopologyAsync(incarnation, cancellation).ConfigureAwait(false);
            await topologies.AdoptAsync(next, cancellation).ConfigureAwait(false);
            gate.Open();
            LogResumed(map.Self, incarnation, recovered, string.Join(", ", unreachable));
            return new ResumptionReport(
                map.Self.ToString(), reason, incarnation.ToString(), next.Version, recovered, reached, unreachable);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<Topology> WriteTopologyAsync(Incarnation incarnation, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var next = (await control.ReadAsync(cancellation).ConfigureAwait(false)).WithIncarnation(map.Self, incarnation);
            if (await control.TryReplaceAsync(next.Version - 1, next, cancellation).ConfigureAwait(false)) return next;
        }

        throw new RegionUnavailableException(
            $"The topology was changed by others {MaxAttempts} times at the same moment: resume region {map.Self} again.");
    }

    [LoggerMessage(1, LogLevel.Warning, "An operator resumes region {Region} although {Reason}.")]
    private partial void LogResuming(RegionId region, string reason);

    [LoggerMessage(
        2,
        LogLevel.Warning,
        "Region {Region} resumed under the incarnation {Incarnation}; {Recovered} ledgers were brought back from other regions. "
            + "Unreachable, so commits that only they have are lost: {Unreachable}.")]
    private partial void LogResumed(RegionId region, Incarnation incarnation, int recovered, string unreachable);
}

/// <summary>What was done to resume a home.</summary>
/// <param name="Region">The region.</param>
/// <param name="Reason">Why it took no writes.</param>
/// <param name="Incarnation">The incarnation that it continues under.</param>
/// <param name="Topology">The version of the topology that says so.</param>
/// <param name="RecoveredLedgers">How many ledgers were further in other regions and were brought back.</param>
/// <param name="Reached">The regions that were asked.</param>
/// <param name="Unreachable">The regions that could not be: what only they have is lost.</param>
public sealed record ResumptionReport(
    string Region,
    string Reason,
    string Incarnation,
    long Topology,
    int RecoveredLedgers,
    IReadOnlyList<string> Reached,
    IReadOnlyList<string> Unreachable);
