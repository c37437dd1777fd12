using System.Net;
using System.Net.Http.Json;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;

namespace GeoRegistry.Replication.Tails;

/// <summary>Takes ledgers over from their home as snapshots: those that went apart, and all of a region that was away for long or is new.</summary>
public sealed class LedgerRepair(PeerClient peers, ILedgerStore ledgers, IReplicaStore replicas, MissingBlobs missing, RepositoryViews views, ISpoolFolder spools)
{
    /// <summary>How many ledgers are listed at a time, and how many are fetched at once: far regions take round trips, not bandwidth.</summary>
    private const int PageLedgers = 1000, Parallelism = 8;

    /// <summary>Replaces one ledger by what its home has.</summary>
    /// <param name="source">The home.</param>
    /// <param name="position">The position of the home's feed that what comes with it counts as.</param>
    /// <param name="ledger">The ledger.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="OtherRegionsUnreachableException">The home cannot be reached.</exception>
    /// <exception cref="InvalidDataException">The home has no such ledger, or its snapshot was cut short.</exception>
    public async Task RepairAsync(RegionId source, long position, LedgerId ledger, CancellationToken cancellation)
    {
        // On disk first: a ledger may be larger than memory, and the store reads it within a transaction.
        using var spool = spools.Create();
        await DownloadAsync(source, ledger, spool, cancellation).ConfigureAwait(false);
        var snapshot = SnapshotCodec.Read(spool.OpenRead);
        if (snapshot.Ledger != ledger) throw new InvalidDataException($"Region {source} sent {snapshot.Ledger} for {ledger}.");
        var repository = RepositoryName.Parse(ledger.Name);
        var lacking = await missing.OfAsync(repository, snapshot.Entries, source, cancellation).ConfigureAwait(false);
        if (await replicas.InstallSnapshotAsync(source, position, snapshot, lacking, cancellation).ConfigureAwait(false)) views.Forget(repository);
    }

    /// <summary>Takes over every ledger of a home that is different here, and moves the cursor to where the home's feed was before.</summary>
    /// <returns>How many ledgers were taken over.</returns>
    public async Task<int> TakeOverAsync(RegionId source, CancellationToken cancellation)
    {
        using var answer = await peers.SendAsync(source, HttpMethod.Get, "/peer/feed/end", cancellation).ConfigureAwait(false);
        var end = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<FeedEnd>(cancellation).ConfigureAwait(false) ?? throw new InvalidDataException("The end of the feed is null.");
        var taken = 0;
        for (var after = ""; ;)
        {
            using var page = await peers.SendAsync(source, HttpMethod.Get, $"/peer/ledgers?n={PageLedgers}&after={Uri.EscapeDataString(after)}", cancellation).ConfigureAwait(false);
            var rows = await page.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<LedgerPage>(cancellation).ConfigureAwait(false) ?? throw new InvalidDataException("A page of ledgers is null.");
            await Parallel.ForEachAsync(rows.Ledgers, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (row, stop) =>
            {
                var ledger = new LedgerId(LedgerKind.Repository, row.Name);
                var here = await ledgers.ReadHeadAsync(ledger, stop).ConfigureAwait(false);
                if (here.Equals(new LedgerHead(row.Epoch, row.Number, Convert.FromHexString(row.Checksum)))) return;
                await RepairAsync(source, end.Position, ledger, stop).ConfigureAwait(false);
                Interlocked.Increment(ref taken);
            }).ConfigureAwait(false);
            if (rows.Next is null) break;
            after = rows.Next;
        }

        await replicas.SkipToAsync(source, new FeedCursor(end.Position, Convert.FromHexString(end.Checksum)), cancellation).ConfigureAwait(false);
        return taken;
    }

    private async Task DownloadAsync(RegionId source, LedgerId ledger, ISpoolFile spool, CancellationToken cancellation)
    {
        using var response = await peers.SendAsync(source, HttpMethod.Get, $"/peer/ledgers/{ledger.Name}", cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound) throw new InvalidDataException($"Region {source} has no ledger {ledger}.");
        response.EnsureSuccessStatusCode();
        var file = spool.OpenWrite();
        await using (file.ConfigureAwait(false)) await response.Content.CopyToAsync(file, cancellation).ConfigureAwait(false);
    }
}

/// <summary>Where a feed ends.</summary>
/// <param name="Position">Its last position.</param>
/// <param name="Checksum">That entry's checksum, hexadecimal.</param>
public sealed record FeedEnd(long Position, string Checksum);

/// <summary>A page of the ledgers that a region is the home of.</summary>
/// <param name="Ledgers">The ledgers, in the order of their names.</param>
/// <param name="Next">The name after which the next page begins; null after the last.</param>
public sealed record LedgerPage(IReadOnlyList<LedgerRow> Ledgers, string? Next);
