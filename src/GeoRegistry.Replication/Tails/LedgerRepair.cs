using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Tails;

/// <summary>
/// Takes ledgers over from other regions as snapshots: those that diverged, all of a region that was away for long or is
/// new, and what a home lost.
/// </summary>
public sealed partial class LedgerRepair(
    RegionMap map,
    PeerClient peers,
    ILedgerStore ledgers,
    IReplicaStore replicas,
    WantedBlobs wanted,
    RepositoryViews views,
    ISpoolFolder spools,
    TimeProvider clock,
    ILogger<LedgerRepair> logger)
{
    /// <summary>
    /// How many ledgers are listed at a time, and how many are fetched at once: far regions take round trips, not
    /// bandwidth.
    /// </summary>
    private const int PageLedgers = 1000, Parallelism = 8;

    private const int BufferBytes = 64 * 1024;

    /// <summary>
    /// How long until a ledger that could not be repaired is tried again: the first time, and at most; each time twice as
    /// long.
    /// </summary>
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1), LongestBackoff = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan RowTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Replaces one ledger by what its home has; one for which that cannot be done is set aside, so that the feed goes on
    /// without it.
    /// </summary>
    /// <param name="position">The position of the home's feed that what comes with it counts as.</param>
    /// <param name="ledger">The ledger.</param>
    /// <param name="attempts">How often it was tried before.</param>
    /// <returns>Whether it was replaced.</returns>
    /// <exception cref="OtherRegionsUnreachableException">The home cannot be reached, which says nothing about the ledger.</exception>
    /// <exception cref="IOException">This region cannot write, likewise.</exception>
    public async Task<bool> TryRepairAsync(FeedPosition position, LedgerId ledger, int attempts, CancellationToken cancellation)
    {
        try
        {
            await InstallAsync(position.Region, position, ledger, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested && failure is not IOException)
        {
            var backoff = Backoff.After(attempts, FirstBackoff, LongestBackoff);
            LogSetAside(ledger, position.Region, backoff.TotalSeconds, failure.Message);
            await replicas.SetAsideAsync(position.Region, ledger, failure.Message, clock.GetUtcNow() + backoff,
                cancellation).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>
    /// Takes over every ledger of a home that is different here, and moves the cursor to where the home's feed was
    /// before.
    /// </summary>
    /// <param name="source">The home.</param>
    /// <param name="topologyVersion">The version of the topology that this region had before it was asked what is to be compared.</param>
    /// <param name="comparesBlobs">Whether ledgers that are the same may name blobs that are wanted here only now, as after a change of
    /// the topology.</param>
    /// <returns>How many ledgers were taken over, and where the cursor is.</returns>
    public async Task<(int Taken, FeedCursor Cursor)> TakeOverAsync(
        RegionId source, long topologyVersion, bool comparesBlobs, CancellationToken cancellation)
    {
        var end = (await ReadEndAsync(source, cancellation).ConfigureAwait(false)).ToCursor();
        var position = new FeedPosition(source, end.Incarnation, end.Position);
        var (taken, listed) = (0, new HashSet<string>());
        var isOtherFeed =
            (await replicas.ReadCursorAsync(source, cancellation).ConfigureAwait(false)).Incarnation is { IsNone: false } before
            && before != end.Incarnation;
        await foreach (var page in ListAsync(source, source, cancellation).ConfigureAwait(false))
        {
            if (isOtherFeed) listed.UnionWith(page.Select(row => row.Name));
            await Parallel.ForEachAsync(page, Limit(cancellation), async (row, stop) =>
            {
                var ledger = new LedgerId(LedgerKind.Repository, row.Name);
                var here = await ledgers.ReadHeadAsync(ledger, stop).ConfigureAwait(false);
                var isSame = here.Equals(row.ToHead());
                if (isSame && (!comparesBlobs || await TryAwaitBlobsAsync(position, ledger, stop).ConfigureAwait(false))) return;
                if (await TryRepairAsync(position, ledger, attempts: 0, stop).ConfigureAwait(false)) Interlocked.Increment(ref taken);
            }).ConfigureAwait(false);
        }

        if (isOtherFeed) await RemoveOthersAsync(source, listed, cancellation).ConfigureAwait(false);
        await replicas.SkipToAsync(source, end, topologyVersion, cancellation).ConfigureAwait(false);
        return (taken, end);
    }

    /// <summary>Brings ledgers back that this region is the home of and that another region has further.</summary>
    /// <returns>How many, and what the region has further and did not give.</returns>
    /// <exception cref="IOException">This region cannot write.</exception>
    public async Task<LedgerRecovery> RecoverFromAsync(RegionId region, CancellationToken cancellation)
    {
        var (recovered, left) = (0, new ConcurrentQueue<UnrecoveredLedger>());
        try
        {
            var position = (await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false)).EndOf(map.Self);
            await foreach (var page in ListAsync(region, map.Self, cancellation).ConfigureAwait(false))
                await Parallel.ForEachAsync(page, Limit(cancellation), async (row, stop) => await RecoverAsync(position, row, stop)
                    .ConfigureAwait(false)).ConfigureAwait(false);
            return new LedgerRecovery(recovered, [.. left], null);
        }
        catch (Exception e) when (
            !cancellation.IsCancellationRequested
            && e is OtherRegionsUnreachableException or HttpRequestException or JsonException or FormatException)
        {
            return new LedgerRecovery(recovered, [.. left], e.Message);
        }

        async Task RecoverAsync(FeedPosition position, LedgerRow row, CancellationToken stop)
        {
            var (ledger, there) = (new LedgerId(LedgerKind.Repository, row.Name), row.ToHead());
            var here = await ledgers.ReadHeadAsync(ledger, stop).ConfigureAwait(false);
            if (Covers(here, there)) return;
            if (here.Point == there.Point)
            {
                var other = $"its commit {there.Number} there differs from the one here";
                LogNotRecovered(ledger, region, other);
                left.Enqueue(new UnrecoveredLedger(ledger, there, other, HasAnswer: true));
                return;
            }

            try
            {
                await InstallAsync(region, position, ledger, stop).ConfigureAwait(false);
                Interlocked.Increment(ref recovered);
            }
            catch (Exception e) when (!stop.IsCancellationRequested && e is InvalidDataException or HttpRequestException)
            {
                // That must not keep the others from coming back.
                LogNotRecovered(ledger, region, e.Message);
                left.Enqueue(new UnrecoveredLedger(ledger, there, e.Message, HasAnswer: e is InvalidDataException));
            }
        }
    }

    /// <summary>Whether a ledger is as far here as elsewhere, with the same commit where both end.</summary>
    internal async Task<bool> HasAsync(LedgerId ledger, LedgerHead there, CancellationToken cancellation) =>
        Covers(await ledgers.ReadHeadAsync(ledger, cancellation).ConfigureAwait(false), there);

    /// <summary>Replaces a ledger that is damaged or differs here, whatever its head, by what another region has.</summary>
    /// <param name="from">The region.</param>
    /// <param name="position">The position of the home's feed that what comes with it counts as.</param>
    /// <param name="ledger">The ledger. One that its home does not have is removed here.</param>
    /// <exception cref="OtherRegionsUnreachableException">The region cannot be reached.</exception>
    /// <exception cref="InvalidDataException">The ledger is damaged there, or what the region sent is not it.</exception>
    /// <exception cref="HttpRequestException">The region answered with an error, which says nothing about the ledger.</exception>
    internal async Task RestoreAsync(RegionId from, FeedPosition position, LedgerId ledger, CancellationToken cancellation)
    {
        // What is applied here meanwhile must not be undone.
        var head = await ledgers.ReadHeadAsync(ledger, cancellation).ConfigureAwait(false);
        if (from != position.Region || await FindRowAsync(from, ledger, cancellation).ConfigureAwait(false) is not null)
        {
            await InstallAsync(from, position, ledger, cancellation, replaced: head).ConfigureAwait(false);
            wanted.Queued();
            return;
        }

        await RemoveAsync(from, ledger, cancellation).ConfigureAwait(false);
    }

    /// <summary>Asks a region for a ledger's head and checksum.</summary>
    /// <returns>The row; null where the region does not have the ledger.</returns>
    internal async Task<LedgerRow?> FindRowAsync(RegionId region, LedgerId ledger, CancellationToken cancellation)
    {
        using var answer = await peers.SendAsync(region, HttpMethod.Get, $"/peer/ledger?name={Uri.EscapeDataString(ledger.Name)}",
            cancellation, RowTimeout).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<LedgerRow>(cancellation).ConfigureAwait(false);
    }

    // What the home lists under this region's present topology is complete only when the home has adopted that as well.
    internal async Task<FeedEnd> ReadEndAsync(RegionId source, CancellationToken cancellation)
    {
        var end = await peers.AskAsync<FeedEnd>(source, HttpMethod.Get, "/peer/feed/end", cancellation).ConfigureAwait(false);
        if (end.Topology < map.Current.Version)
            throw new OtherRegionsUnreachableException(
                $"Region {source} has version {end.Topology} of the topology, and not yet {map.Current.Version}.");
        return end;
    }

    internal async IAsyncEnumerable<IReadOnlyList<LedgerRow>> ListAsync(
        RegionId region, RegionId home, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (string? after = ""; after is not null;)
        {
            var target = $"/peer/ledgers?home={home}&n={PageLedgers}&after={Uri.EscapeDataString(after)}";
            var page = await peers.AskAsync<LedgerPage>(region, HttpMethod.Get, target, cancellation).ConfigureAwait(false);
            yield return page.Ledgers;
            after = page.Next;
        }
    }

    // A ledger that is the same here may name blobs that the topology wants here only now.
    private async Task<bool> TryAwaitBlobsAsync(FeedPosition position, LedgerId ledger, CancellationToken cancellation)
    {
        var repository = RepositoryName.Parse(ledger.Name);
        HashSet<(Digest, long)> named = [];
        try
        {
            await replicas.ReadSnapshotAsync(
                ledger,
                async (snapshot, stop) => named = await NamedByAsync(snapshot, stop).ConfigureAwait(false),
                cancellation).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            return false; // It is damaged here, which must not keep the others from being taken over.
        }

        var missing = await wanted.FindMissingAsync(repository, named, position.Region, cancellation).ConfigureAwait(false);
        if (missing.Count > 0) await replicas.QueueMissingAsync(position, ledger, missing, cancellation).ConfigureAwait(false);
        return true;
    }

    private async Task RemoveOthersAsync(RegionId home, HashSet<string> listed, CancellationToken cancellation)
    {
        for (string? after = null; ;)
        {
            var rows = await ledgers.ListHeadsAsync(after, PageLedgers, cancellation).ConfigureAwait(false);
            foreach (var (ledger, _) in rows)
            {
                if (!RepositoryName.TryParse(ledger.Name, out var repository)) continue; // It is damaged: verification restores it.
                if (map.Current.HomeOf(repository).Region != home || listed.Contains(ledger.Name)) continue;
                await RemoveAsync(home, ledger, cancellation).ConfigureAwait(false);
            }

            if (rows.Count < PageLedgers) return;
            after = rows[^1].Ledger.Name;
        }
    }

    private async Task InstallAsync(RegionId from, FeedPosition position, LedgerId ledger, CancellationToken cancellation,
        LedgerHead? replaced = null)
    {
        // On disk first: a ledger may be larger than memory, and the store reads it within a transaction.
        using var spool = spools.Create();
        await DownloadAsync(from, ledger, spool, cancellation).ConfigureAwait(false);
        var snapshot = await SnapshotCodec.ReadAsync(spool.OpenRead, cancellation).ConfigureAwait(false);
        if (snapshot.Ledger != ledger) throw new InvalidDataException($"Region {from} sent {snapshot.Ledger} for {ledger}.");
        var repository = RepositoryName.Parse(ledger.Name);
        var named = await NamedByAsync(snapshot, cancellation).ConfigureAwait(false);
        var missing = await wanted.FindMissingAsync(repository, named, from, cancellation).ConfigureAwait(false);
        try
        {
            await replicas.InstallSnapshotAsync(position, snapshot, missing, replaced, cancellation).ConfigureAwait(false);
        }
        finally
        {
            views.Forget(repository); // It may be installed though the store failed to say so.
        }
    }

    private async Task RemoveAsync(RegionId home, LedgerId ledger, CancellationToken cancellation)
    {
        LogRemoved(ledger, home);
        try
        {
            await replicas.RemoveLedgerAsync(ledger, cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (RepositoryName.TryParse(ledger.Name, out var repository)) views.Forget(repository);
        }
    }

    private async Task DownloadAsync(RegionId from, LedgerId ledger, ISpoolFile spool, CancellationToken cancellation)
    {
        using var response = await peers.SendAsync(from, HttpMethod.Get, $"/peer/ledgers/{ledger.Name}",
            cancellation).ConfigureAwait(false);
        if (PeerClient.ReportsDamage(response)) throw new InvalidDataException($"The {ledger} is damaged in region {from}.");
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException(
                response.StatusCode == HttpStatusCode.NotFound
                    ? $"Region {from} does not have the {ledger}, or may not send it."
                    : $"Region {from} answered {(int)response.StatusCode} to the request for the {ledger}.",
                null,
                response.StatusCode);
        }

        var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var (file, received) = (spool.OpenWrite(), 0L);
            await using (file.ConfigureAwait(false))
            {
                // What fails while it is received is the region's or the link's; what fails while it is written is this region's.
                while (await ReceiveAsync(from, body, buffer, cancellation).ConfigureAwait(false) is var count and > 0)
                {
                    await file.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
                    received += count;
                }
            }

            // The HTTP/2 client does not compare.
            if (response.Content.Headers.ContentLength is { } promised && received != promised)
                throw PeerClient.BrokeOff(from, PeerClient.EndedEarly(received, promised));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask<int> ReceiveAsync(RegionId from, Stream body, Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && PeerClient.IsFailureOfRegion(e))
        {
            throw PeerClient.BrokeOff(from, e);
        }
    }

    private static ValueTask<HashSet<(Digest, long)>> NamedByAsync(LedgerSnapshot snapshot, CancellationToken cancellation) =>
        WantedBlobs.NamedBy(snapshot.Entries).ToHashSetAsync(cancellationToken: cancellation);

    private static bool Covers(LedgerHead here, LedgerHead there) => here.Equals(there) || here.Point.CompareTo(there.Point) > 0;

    private static ParallelOptions Limit(CancellationToken cancellation) =>
        new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation };

    [LoggerMessage(
        1,
        LogLevel.Error,
        "The {Ledger} cannot be repaired from {Source} and is set aside for {Seconds} s; "
            + "the rest of the feed goes on, and reads of it are sent to {Source}: {Reason}")]
    private partial void LogSetAside(LedgerId ledger, RegionId source, double seconds, string reason);

    [LoggerMessage(2, LogLevel.Warning, "The {Ledger} is removed here: {Home}, its home, lost it and continued without it.")]
    private partial void LogRemoved(LedgerId ledger, RegionId home);

    [LoggerMessage(3, LogLevel.Error, "The {Ledger} cannot be recovered from {Region}: {Reason}")]
    private partial void LogNotRecovered(LedgerId ledger, RegionId region, string reason);
}
