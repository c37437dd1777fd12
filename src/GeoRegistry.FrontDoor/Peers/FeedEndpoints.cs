using System.Globalization;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Replication.Homes;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Visibility;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Peers;

/// <summary>What tails ask: this region's feed, its end, snapshots of its ledgers; and what they tell: how far they are.</summary>
internal sealed class FeedEndpoints(RegionMap map, FeedServer feeds, HomeGate gate, ReadLeases leases, Completion completion,
    ILedgerStore ledgers, ILedgerVerification states, IReplicaStore replicas, ISpoolFolder spools, PeerClient peers)
{
    private const string Ledger = "/peer/ledgers/";

    /// <summary>How many ledgers of any home are looked at for a page of this home's.</summary>
    private const int MaxLedgers = 1000;

    /// <summary>Finds the endpoint of a path.</summary>
    public Func<HttpContext, RegionId, Task>? Find(string method, string path) => (method, path) switch
    {
        ("GET", "/peer/feed") => FeedAsync,
        ("GET", "/peer/feed/end") => EndAsync,
        ("GET", "/peer/feed/repository") => RepositoryAsync,
        ("GET", "/peer/followed") => FollowedAsync,
        ("POST", "/peer/progress") => ProgressAsync,
        ("GET", "/peer/ledgers") => LedgersAsync,
        ("GET", "/peer/ledger") => LedgerAsync,
        ("GET", _) when path.StartsWith(Ledger, StringComparison.Ordinal) => (http, reader) =>
            SnapshotAsync(http, reader, path[Ledger.Length..]),
        _ => null,
    };

    private async Task FeedAsync(HttpContext http, RegionId reader)
    {
        if (!TryIncarnation(http, out var incarnation) || !TryNumber(http, "after", out var after) || !TryChecksum(http, out var checksum))
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported,
                "incarnation and after must be a position, checksum its entry's.") with { Status = 400 }).ConfigureAwait(false);
            return;
        }

        await peers.NoteReturnAsync(reader).ConfigureAwait(false);
        var cursor = new FeedCursor(incarnation, after, checksum);
        var (start, extent) = await feeds.FindStartAsync(cursor, http.RequestAborted).ConfigureAwait(false);
        await gate.CheckAsync(reader, cursor, http.RequestAborted).ConfigureAwait(false);
        http.Response.Headers[PeerHeaders.Incarnation] = extent.Incarnation.ToString();
        http.Response.Headers[PeerHeaders.FeedHead] = extent.Head.ToString(CultureInfo.InvariantCulture);
        if (start != FeedStart.Possible)
        {
            http.Response.StatusCode = start == FeedStart.Pruned ? StatusCodes.Status410Gone : StatusCodes.Status409Conflict;
            return;
        }

        // The head now: the first commit may be long in coming.
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        await feeds.WriteAsync(
            reader, extent.At(map.Self, after), http.Response.BodyWriter, http.RequestAborted).ConfigureAwait(false);
    }

    private async Task EndAsync(HttpContext http, RegionId reader)
    {
        var end = await feeds.ReadEndAsync(http.RequestAborted).ConfigureAwait(false);
        await http.Response.WriteAsJsonAsync(FeedEnd.Of(end, map.Current.Version), http.RequestAborted).ConfigureAwait(false);
    }

    // How far this region follows the one that asks: by it a home that starts sees whether it lost commits.
    private async Task FollowedAsync(HttpContext http, RegionId source)
    {
        var cursor = await replicas.ReadCursorAsync(source, http.RequestAborted).ConfigureAwait(false);
        await http.Response.WriteAsJsonAsync(FeedEnd.Of(cursor, map.Current.Version), http.RequestAborted).ConfigureAwait(false);
    }

    private async Task RepositoryAsync(HttpContext http, RegionId reader)
    {
        var found = FeedPosition.TryParse(http.Request.Query["position"], out var position) && position.Region == map.Self
            ? await completion.FindHereAsync(position, http.RequestAborted).ConfigureAwait(false)
            : ReceiptLookup.NotKnownYet;
        await http.Response.WriteAsJsonAsync(found, http.RequestAborted).ConfigureAwait(false);
    }

    private async Task ProgressAsync(HttpContext http, RegionId reader)
    {
        if (!TryIncarnation(http, out var incarnation) || !TryNumber(http, "applied", out var applied))
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported,
                "incarnation and applied must be a position.") with { Status = 400 }).ConfigureAwait(false);
            return;
        }

        // A region of a build before this one does not say it.
        if (!TryNumber(http, "topology", out var topology)) topology = long.MaxValue;
        var (feed, lease) = await leases.ReportAsync(
            reader, incarnation, applied, topology, () => ledgers.ReadFeedExtentAsync(map.Self, http.RequestAborted))
            .ConfigureAwait(false);
        await http.Response.WriteAsJsonAsync(
            new ProgressReply(feed.Head, (long)lease.TotalMilliseconds, leases.ShownThrough(feed.Head), feed.Incarnation.ToString()),
            http.RequestAborted).ConfigureAwait(false);
    }

    private async Task LedgersAsync(HttpContext http, RegionId reader)
    {
        var limit = TryNumber(http, "n", out var asked) && asked > 0 ? (int)Math.Min(asked, MaxLedgers) : MaxLedgers;
        var home = RegionId.TryParse(http.Request.Query["home"], out var named) ? named : map.Self;
        var after = http.Request.Query["after"].ToString();
        var heads = await states.ListStatesAsync(after.Length == 0 ? null : after, limit, http.RequestAborted).ConfigureAwait(false);
        var rows = heads
            .Where(row => MayHave(reader, home, row.Ledger))
            .Select(row => LedgerRow.Of(row.Ledger, row.State));
        await http.Response.WriteAsJsonAsync(
            new LedgerPage([.. rows], heads.Count < limit ? null : heads[^1].Ledger.Name), http.RequestAborted).ConfigureAwait(false);
    }

    private async Task LedgerAsync(HttpContext http, RegionId reader)
    {
        var ledger = new LedgerId(LedgerKind.Repository, http.Request.Query["name"].ToString());
        var mayHave = RepositoryName.TryParse(ledger.Name, out var repository)
            && MayHave(reader, map.Current.HomeOf(repository).Region, ledger);
        var state = mayHave ? await states.ReadStateAsync(ledger, http.RequestAborted).ConfigureAwait(false) : LedgerState.Empty;
        if (state.Head.Number == 0) http.Response.StatusCode = StatusCodes.Status404NotFound;
        else await http.Response.WriteAsJsonAsync(LedgerRow.Of(ledger, state), http.RequestAborted).ConfigureAwait(false);
    }

    private async Task SnapshotAsync(HttpContext http, RegionId reader, string name)
    {
        // Through a file, so that the store is not kept reading for as long as a far region takes to receive it.
        using var spool = spools.Create();
        if (!await SpoolAsync(spool, reader, name, http.RequestAborted).ConfigureAwait(false))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var content = spool.OpenRead();
        await using (content.ConfigureAwait(false))
        {
            http.Response.ContentLength = content.Length;
            await content.CopyToAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
        }
    }

    private async Task<bool> SpoolAsync(ISpoolFile spool, RegionId reader, string name, CancellationToken cancellation)
    {
        var ledger = new LedgerId(LedgerKind.Repository, name);
        if (!RepositoryName.TryParse(name, out var repository) || !MayHave(reader, map.Current.HomeOf(repository).Region, ledger))
            return false;
        var content = spool.OpenWrite();
        await using (content.ConfigureAwait(false))
            return await replicas.ReadSnapshotAsync(
                ledger, (snapshot, stop) => SnapshotCodec.WriteAsync(content, snapshot, stop), cancellation).ConfigureAwait(false);
    }

    // A home gives its ledgers to whoever may have them; a replica gives them to their home, which may have lost them.
    private bool MayHave(RegionId reader, RegionId home, LedgerId ledger)
    {
        var topology = map.Current;
        return RepositoryName.TryParse(ledger.Name, out var repository)
            && topology.HomeOf(repository).Region == home && (home == map.Self || home == reader)
            && topology.PolicyOf(repository).Allows(reader);
    }

    private static bool TryIncarnation(HttpContext http, out Incarnation incarnation)
    {
        var text = http.Request.Query["incarnation"].ToString();
        incarnation = default;
        return text.Length == 0 || Incarnation.TryParse(text, out incarnation);
    }

    private static bool TryNumber(HttpContext http, string name, out long number) =>
        long.TryParse(http.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static bool TryChecksum(HttpContext http, out ReadOnlyMemory<byte> checksum)
    {
        var text = http.Request.Query["checksum"].ToString();
        var bytes = new byte[text.Length / 2];
        var valid = Convert.FromHexString(text, bytes, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == bytes.Length;
        checksum = bytes;
        return valid;
    }
}
