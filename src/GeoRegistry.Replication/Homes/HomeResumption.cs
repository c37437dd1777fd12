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

/// <summary>Lets a home that lost commits, or cannot find out whether it did, take writes again.</summary>
/// <remarks>
/// An operator decides it, or the region itself where its data was replaced and the others have given all that they have
/// (<see cref="DataRecovery"/>).
/// What the other regions have is recovered first. Where one of them did not give all that it has, the home stays closed unless the
/// operator accepts that loss. Then it continues under a new incarnation, and the epochs of its homes are raised in the topology, which
/// lets the others follow it: snapshots replace what they have beyond it. A repetition after a failure in the middle begins again, and
/// does no harm.
/// </remarks>
public sealed partial class HomeResumption(
    RegionMap map,
    IControlStore control,
    ILedgerStore ledgers,
    LedgerRepair repair,
    HomeGate gate,
    ReadLeases leases,
    AdoptedTopology topologies,
    ILogger<HomeResumption> logger,
    IDataContinuity? continuity = null)
{
    /// <summary>How often the topology is written again because somebody else changed it meanwhile.</summary>
    private const int MaxAttempts = 8;

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Resumes this region.</summary>
    /// <param name="acceptsLoss">Whether it goes on though other regions may have more of it than they gave back.</param>
    /// <param name="cancellation">Cancels; a repetition completes it.</param>
    public async Task<ResumptionOutcome> ResumeAsync(bool acceptsLoss, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (gate.Reason is not { } reason) return new ResumptionOutcome.NotNeeded();
            LogResuming(map.Self, reason);
            var data = continuity?.Break;
            var (recovered, reached, unreachable, left) = await RecoverAsync(cancellation).ConfigureAwait(false);
            if (!acceptsLoss && unreachable.Count + left.Count > 0)
            {
                LogStaysClosed(map.Self, recovered, string.Join(", ", unreachable), left.Count);
                return new ResumptionOutcome.StaysClosed(recovered, unreachable, left);
            }

            var stored = await control.ReadAsync(cancellation).ConfigureAwait(false);
            map.CanReplace(stored, out var fault);
            ThrowIfRefused(fault ?? TopologySuccession.FindFaultOfStore(map.Current, stored));
            if (continuity?.Break != data)
                throw new RegionUnavailableException($"The metadata of region {map.Self} was replaced again: resume it again.");
            var incarnation = await ledgers.BeginIncarnationAsync(cancellation).ConfigureAwait(false);
            leases.Restart();
            var next = await WriteTopologyAsync(incarnation, cancellation).ConfigureAwait(false);
            ThrowIfRefused(await topologies.AdoptAsync(next, cancellation).ConfigureAwait(false));
            gate.Open();
            LogResumed(map.Self, incarnation, recovered, string.Join(", ", unreachable), left.Count);
            return new ResumptionOutcome.Resumed(new ResumptionReport(
                map.Self.ToString(), reason, incarnation.ToString(), next.Version, recovered, reached, unreachable, left));
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<(int Recovered, List<string> Reached, List<string> Unreachable, List<LedgerNotRecovered> Left)> RecoverAsync(
        CancellationToken cancellation)
    {
        var answers = new List<(RegionId Region, LedgerRecovery Recovery)>();
        foreach (var region in map.Others.Select(other => other.Id).ToList())
            answers.Add((region, await repair.RecoverFromAsync(region, cancellation).ConfigureAwait(false)));

        var (reached, unreachable, left) = (new List<string>(), new List<string>(), new List<LedgerNotRecovered>());
        foreach (var (region, recovery) in answers)
        {
            // What one region did not give, another may have given.
            var missing = await recovery.Left.ToAsyncEnumerable()
                .Where(async (ledger, stop) => !await repair.HasAsync(ledger.Ledger, ledger.There, stop).ConfigureAwait(false))
                .ToListAsync(cancellation).ConfigureAwait(false);
            ((recovery with { Left = missing }).IsUnreachable ? unreachable : reached).Add(region.ToString());
            left.AddRange(missing.Select(ledger => new LedgerNotRecovered(ledger.Ledger.Name, region.ToString(), ledger.Reason)));
        }

        return (answers.Sum(answer => answer.Recovery.Recovered), reached, unreachable, left);
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

    // Its epochs would stay as they are, and no other region would follow it.
    private void ThrowIfRefused(string? fault)
    {
        if (fault is not null)
            throw new RegionUnavailableException(
                $"Region {map.Self} refuses the topology, and is not resumed: {fault}. Correct it, and resume the region again.");
    }

    [LoggerMessage(1, LogLevel.Warning, "Region {Region} is being resumed although {Reason}.")]
    private partial void LogResuming(RegionId region, string reason);

    [LoggerMessage(
        2,
        LogLevel.Warning,
        "Region {Region} resumed under the incarnation {Incarnation}; {Recovered} ledgers were recovered from other regions. "
            + "Unreachable, so commits that only they have are lost: {Unreachable}. Ledgers that were not recovered: {Left}.")]
    private partial void LogResumed(RegionId region, Incarnation incarnation, int recovered, string unreachable, int left);

    [LoggerMessage(
        3,
        LogLevel.Warning,
        "Region {Region} is not resumed: {Recovered} ledgers were recovered, and commits would still be lost. "
            + "Unreachable: {Unreachable}. Ledgers that were not recovered: {Left}.")]
    private partial void LogStaysClosed(RegionId region, int recovered, string unreachable, int left);
}
