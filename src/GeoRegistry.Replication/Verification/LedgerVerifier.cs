using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Tails;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Verification;

/// <summary>Compares ledgers with their checksums and with their homes', and restores those that differ from another region.</summary>
public sealed partial class LedgerVerifier(
    RegionMap map,
    ILedgerVerification store,
    ILedgerStore ledgers,
    IRegionRecord record,
    LedgerRepair repair,
    TailStates tails,
    DamagedLedgers damaged,
    VerificationProgress progress,
    TimeProvider clock,
    ILogger<LedgerVerifier> logger)
{
    internal const string Kind = "ledger", FeedKind = "feed", QueueKind = "hydration", RecordKind = "record";

    /// <summary>
    /// How long a home's feed may need to be applied up to where it was when its ledgers were listed; then they are
    /// compared in the next pass.
    /// </summary>
    private static readonly TimeSpan CatchUpTimeout = TimeSpan.FromSeconds(10);

    /// <summary>One at a time repairs: a pass, or what goes on beside it.</summary>
    private readonly SemaphoreSlim _repairing = new(1, 1);

    /// <summary>Scans all ledgers and feeds of this region, and what it remembers about itself.</summary>
    internal async Task ScanAsync(Pace pace, bool repairs, CancellationToken cancellation)
    {
        var scanned = pace.Begin();
        await ScanRecordAsync(repairs, cancellation).ConfigureAwait(false);
        await ScanFeedsAsync(repairs, cancellation).ConfigureAwait(false);
        await pace.EndAsync(scanned, cancellation).ConfigureAwait(false);
        for (var cursor = 0L; ;)
        {
            var begun = pace.Begin();
            if (await store.VerifyNextAsync(cursor, cancellation).ConfigureAwait(false) is not { } scan) break;
            cursor = scan.Cursor;
            progress.Scanned();
            if (scan.Fault is { } fault) NoteDamaged(scan, fault);
            else NoteWhole(cursor, scan.Ledger);
            await pace.EndAsync(begun, cancellation).ConfigureAwait(false);
        }

        if (repairs) await RepairAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Repairs the ledgers that were found damaged, as far as other regions have them.</summary>
    internal async Task RepairAsync(CancellationToken cancellation)
    {
        await _repairing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            foreach (var (cursor, ledger) in damaged.All) await RepairAsync(cursor, ledger, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _repairing.Release();
        }
    }

    /// <summary>Compares the ledgers of every other home with those here.</summary>
    /// <returns>Which homes' ledgers were not all compared, for people; null where all were.</returns>
    internal async Task<string?> CompareAsync(Pace pace, bool repairs, CancellationToken cancellation)
    {
        var left = new List<RegionId>();
        foreach (var home in map.Others.Select(region => region.Id).ToList())
        {
            if (tails.Of(home) is not { Activity: TailActivity.Live } tail)
            {
                left.Add(home);
                continue;
            }

            try
            {
                await foreach (var page in repair.ListAsync(home, home, cancellation).ConfigureAwait(false))
                {
                    if (await TryCatchUpAsync(tail, cancellation).ConfigureAwait(false) is not { } topology)
                    {
                        left.Add(home);
                        continue;
                    }

                    var begun = pace.Begin(); // Waiting for the home is no work to rest from, nor is a repair.
                    var differing = await CompareAsync(tail, topology, page, cancellation).ConfigureAwait(false);
                    var worked = clock.GetElapsedTime(begun);
                    if (repairs) await ReplaceAsync(home, differing, cancellation).ConfigureAwait(false);
                    await pace.RestAsync(worked, cancellation).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (PeerClient.IsFailureToAnswer(e) && !cancellation.IsCancellationRequested)
            {
                LogNotCompared(home, e.Message); // The next pass compares them.
                left.Add(home);
            }
        }

        return left.Count == 0 ? null : $"not every ledger of {string.Join(", ", left.Distinct())} was compared, as it was not up to date "
            + "with that home, or had no answer from there";
    }

    private async Task ScanRecordAsync(bool repairs, CancellationToken cancellation)
    {
        try
        {
            if (await store.FindFaultOfRecordAsync(cancellation).ConfigureAwait(false) is not { } fault) return;
            if (progress.Found(RecordKind, map.Self.ToString(), fault)) LogRecord(map.Self, fault);
            if (!repairs) return;
            await store.RepairRecordAsync(cancellation).ConfigureAwait(false);
            if (progress.Repaired(RecordKind, map.Self.ToString())) LogRecordRepaired(map.Self);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogScanFailed(failure, "the region record"); // The rest is scanned all the same.
        }
    }

    private async Task ScanFeedsAsync(bool repairs, CancellationToken cancellation)
    {
        foreach (var region in await store.FindDamagedFeedsAsync(cancellation).ConfigureAwait(false))
        {
            if (progress.Found(FeedKind, region.ToString(), "the row of the feed does not match its checksum"))
                LogFeed(region, map.Self);
            if (!repairs) continue;
            if (await store.ResetCursorAsync(region, cancellation).ConfigureAwait(false)) tails.Of(region)?.RequestTakeOver();
            if (progress.Repaired(FeedKind, region.ToString())) LogFeedReset(region);
        }
    }

    /// <summary>Compares the hydration queue with itself and with the ledgers' blob links.</summary>
    /// <returns>Whether it was repaired: blobs that it lost are to be queued again.</returns>
    internal async Task<bool> ScanQueueAsync(Pace pace, bool repairs, CancellationToken cancellation)
    {
        IReadOnlyList<RegionId> regions = [.. map.Others.Select(region => region.Id), map.Self];
        var begun = pace.Begin();
        var isRepaired = false;
        try
        {
            var fault = await store.FindFaultOfQueueAsync(regions, cancellation).ConfigureAwait(false);
            if (fault is not null && progress.Found(QueueKind, map.Self.ToString(), fault)) LogQueue(map.Self, fault);
            if (fault is not null && repairs)
            {
                await store.RepairQueueAsync(cancellation).ConfigureAwait(false);
                isRepaired = await store.FindFaultOfQueueAsync(regions, cancellation).ConfigureAwait(false) is null;
            }

            isRepaired |= fault is null && progress.Open(QueueKind).Count > 0; // One before ended after it had repaired it.
            if (isRepaired && progress.Repaired(QueueKind, map.Self.ToString())) LogQueueRepaired(map.Self);
            if (repairs) await store.TidyQueueAsync(regions, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogScanFailed(failure, "the hydration queue"); // The rest is verified all the same.
        }

        await pace.EndAsync(begun, cancellation).ConfigureAwait(false);
        return isRepaired;
    }

    private async Task RepairAsync(long cursor, LedgerId ledger, CancellationToken cancellation)
    {
        try
        {
            var scan = await ScanAsync(cursor, cancellation).ConfigureAwait(false);
            if (scan is { Fault: not null } && await store.RestoreRowsAsync(scan, cancellation).ConfigureAwait(false))
                scan = await ScanAsync(cursor, cancellation).ConfigureAwait(false);
            if (scan is { Fault: not null } && await TryRepairAsync(scan, cancellation).ConfigureAwait(false))
                scan = await ScanAsync(cursor, cancellation).ConfigureAwait(false);
            if (scan?.Fault is null) NoteWhole(cursor, ledger);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogNotRepaired(ledger, failure.Message); // The others are repaired all the same.
        }
    }

    /// <returns>Null where the ledger is not there any more.</returns>
    private async Task<LedgerScanResult?> ScanAsync(long cursor, CancellationToken cancellation) =>
        await store.VerifyNextAsync(cursor - 1, cancellation).ConfigureAwait(false) is { } scan && scan.Cursor == cursor ? scan : null;

    private void NoteDamaged(LedgerScanResult scan, string fault)
    {
        damaged.Add(scan.Cursor, scan.Ledger);
        if (progress.Found(Kind, scan.Ledger.Name, fault)) LogDamaged(scan.Ledger, fault);
    }

    private void NoteWhole(long cursor, LedgerId ledger)
    {
        if (damaged.Remove(cursor)) NoteRepaired(ledger);
    }

    private void NoteRepaired(LedgerId ledger)
    {
        if (progress.Repaired(Kind, ledger.Name)) LogRepaired(ledger);
    }

    private async Task<bool> TryRepairAsync(LedgerScanResult scan, CancellationToken cancellation)
    {
        if (!RepositoryName.TryParse(scan.Ledger.Name, out var repository)) return false;
        var home = map.Current.HomeOf(repository).Region;
        return home == map.Self
            ? await TryRestoreAsync(scan, cancellation).ConfigureAwait(false)
            : await TryReplaceAsync(home, scan.Ledger, cancellation).ConfigureAwait(false);
    }

    // A home restores its ledger from a region that has the checksum which it had itself, so that nothing it has acknowledged is lost.
    private async Task<bool> TryRestoreAsync(LedgerScanResult scan, CancellationToken cancellation)
    {
        var position = (await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false)).EndOf(map.Self);
        var reasons = new List<string>();
        foreach (var region in map.Others.Select(region => region.Id).ToList())
        {
            try
            {
                if (await TryRestoreFromAsync(region, position, scan, cancellation).ConfigureAwait(false)) return true;
                reasons.Add($"{region} has another");
            }
            catch (Exception e) when (IsOfOtherRegion(e) && !cancellation.IsCancellationRequested)
            {
                reasons.Add($"{region}: {e.Message}"); // It cannot be reached, or its own copy is damaged: the next region may have it.
            }
        }

        LogNotRepaired(scan.Ledger, $"no other region has it with the checksum that this home had ({string.Join("; ", reasons)})");
        return false;
    }

    private async Task<bool> TryRestoreFromAsync(
        RegionId region, FeedPosition position, LedgerScanResult scan, CancellationToken cancellation)
    {
        if (await repair.FindRowAsync(region, scan.Ledger, cancellation).ConfigureAwait(false) is not { } row) return false;
        if (ContentsChecksum.Parse(row.Contents) is not { } theirs) return false;
        if (theirs == scan.Computed && theirs != scan.Stored && await store.AcceptAsync(scan, cancellation).ConfigureAwait(false))
            return true;
        if (theirs != scan.Stored) return false;
        await repair.RestoreAsync(region, position, scan.Ledger, cancellation).ConfigureAwait(false);
        return true;
    }

    private static bool IsOfOtherRegion(Exception e) => PeerClient.IsFailureToAnswer(e) || e is InvalidDataException;

    private async Task<bool> TryReplaceAsync(RegionId home, LedgerId ledger, CancellationToken cancellation)
    {
        // A home that lost commits must not take them from others too.
        if (tails.Of(home) is not { Activity: TailActivity.Live } tail) return false;
        var position = tail.Position;
        tail.Visibility.BeginRepair(); // The snapshot may be newer than what the feed has brought.
        try
        {
            await repair.RestoreAsync(home, position, ledger, cancellation).ConfigureAwait(false);
            return true;
        }
        finally
        {
            tail.Visibility.EndRepair();
        }
    }

    // What is listed is compared when this region has applied all that was there when it was listed: then what is missing is missing,
    // if both have the same topology, by which nothing is withheld or still to be taken over.
    private async Task<Topology?> TryCatchUpAsync(TailState tail, CancellationToken cancellation)
    {
        var topology = map.Current;
        var end = await repair.ReadEndAsync(tail.Source, cancellation).ConfigureAwait(false);
        if (end.Topology != topology.Version) return null;
        var cursor = end.ToCursor();
        if (cursor.Incarnation != tail.Incarnation && cursor.Position > 0) return null;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var applied = tail.Applied.WaitForAsync(cursor.Position, timeout.Token);
        var first = await Task.WhenAny(applied, Task.Delay(CatchUpTimeout, clock, timeout.Token)).ConfigureAwait(false);
        await timeout.CancelAsync().ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return first == applied && applied.IsCompletedSuccessfully
            && await HasAllAsync(topology, tail.Source, cancellation).ConfigureAwait(false)
            ? topology
            : null;
    }

    // Whether a topology is the region's still, and nothing of a home is to be taken over because of it.
    private async ValueTask<bool> HasAllAsync(Topology topology, RegionId home, CancellationToken cancellation) =>
        map.Current == topology && !await record.IsTakeOverPendingAsync(home, cancellation).ConfigureAwait(false);

    /// <returns>The ledgers that differ from their home's.</returns>
    private async Task<IReadOnlyList<LedgerId>> CompareAsync(
        TailState tail, Topology topology, IReadOnlyList<LedgerRow> page, CancellationToken cancellation)
    {
        var differing = new List<LedgerId>();
        foreach (var row in page)
        {
            if (damaged.Has(RepositoryName.Parse(row.Name))) continue; // Its repair replaces it, and answers from it then.
            var ledger = new LedgerId(LedgerKind.Repository, row.Name);
            var (theirs, ours) = (new LedgerState(row.ToHead(), ContentsChecksum.Parse(row.Contents)),
                await store.ReadStateAsync(ledger, cancellation).ConfigureAwait(false));
            if (DifferenceOf(theirs, ours) is not { } fault)
            {
                NoteRepaired(ledger); // It may have differed the last time.
                continue;
            }

            if (!topology.PolicyOf(RepositoryName.Parse(row.Name)).Allows(map.Self)) continue; // It was listed by an earlier topology.
            if (!await HasAllAsync(topology, tail.Source, cancellation).ConfigureAwait(false)) return differing;
            if (progress.Found(Kind, ledger.Name, fault)) LogDiverged(ledger, tail.Source, fault);
            differing.Add(ledger);
        }

        progress.Compared(page.Count);
        return differing;
    }

    private async Task ReplaceAsync(RegionId home, IReadOnlyList<LedgerId> ledgers, CancellationToken cancellation)
    {
        foreach (var ledger in ledgers)
        {
            try
            {
                if (await TryReplaceAsync(home, ledger, cancellation).ConfigureAwait(false)) NoteRepaired(ledger);
            }
            catch (Exception e) when (e is InvalidDataException or HttpRequestException)
            {
                LogNotRepaired(ledger, e.Message);
            }
        }
    }

    // A ledger that has gone on here is compared in the next pass. Checksums that a build before them has not made yet say nothing.
    private static string? DifferenceOf(LedgerState theirs, LedgerState ours)
    {
        if (ours.Head.Number > theirs.Head.Number && ours.Head.Epoch >= theirs.Head.Epoch) return null;
        if (!ours.Head.Equals(theirs.Head))
            return $"it ends with commit {ours.Head.Number} here and with commit {theirs.Head.Number} in its home";
        return theirs.Contents is { } there && ours.Contents is { } here && there != here
            ? "its contents differ from its home's, though its history does not"
            : null;
    }

    [LoggerMessage(1, LogLevel.Error, "The {Ledger} is damaged: {Fault}. It is not served here until it is restored from another region.")]
    private partial void LogDamaged(LedgerId ledger, string fault);

    [LoggerMessage(2, LogLevel.Error, "The {Ledger} differs from that of {Home}, its home: {Fault}. It is replaced by a snapshot.")]
    private partial void LogDiverged(LedgerId ledger, RegionId home, string fault);

    [LoggerMessage(3, LogLevel.Warning, "The {Ledger} is repaired.")]
    private partial void LogRepaired(LedgerId ledger);

    [LoggerMessage(4, LogLevel.Warning, "The {Ledger} cannot be repaired now; the next pass retries: {Reason}")]
    private partial void LogNotRepaired(LedgerId ledger, string reason);

    [LoggerMessage(5, LogLevel.Debug, "The ledgers of {Home} were not all compared: {Reason}")]
    private partial void LogNotCompared(RegionId home, string reason);

    [LoggerMessage(
        6,
        LogLevel.Error,
        "The row of the feed of {Region} is damaged in {Self}: it is made anew, and another region's ledgers are compared with its own.")]
    private partial void LogFeed(RegionId region, RegionId self);

    [LoggerMessage(7, LogLevel.Warning, "The row of the feed of {Region} is repaired.")]
    private partial void LogFeedReset(RegionId region);

    [LoggerMessage(8, LogLevel.Error,
        "The hydration queue of {Self} is damaged: it has {Fault}. A pass that repairs rebuilds it from the blob links.")]
    private partial void LogQueue(RegionId self, string fault);

    [LoggerMessage(9, LogLevel.Warning, "The hydration queue of {Self} is repaired.")]
    private partial void LogQueueRepaired(RegionId self);

    [LoggerMessage(10, LogLevel.Error,
        "The region record of {Self} is damaged: {Fault}. A pass that repairs restores it.")]
    private partial void LogRecord(RegionId self, string fault);

    [LoggerMessage(11, LogLevel.Warning, "The region record of {Self} is repaired.")]
    private partial void LogRecordRepaired(RegionId self);

    [LoggerMessage(12, LogLevel.Error, "Verification of {What} failed; the next pass tries again.")]
    private partial void LogScanFailed(Exception failure, string what);
}
