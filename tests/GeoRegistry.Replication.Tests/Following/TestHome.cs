using System.Globalization;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Tests.Hydration;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Http;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Following;

/// <summary>The region "eu", the home of everything, as those who follow it see it: real stores behind the peer API.</summary>
internal sealed class TestHome : IAsyncDisposable
{
    public const string App = "team/app", Lib = "team/lib", Old = "team/old";

    public static readonly RepositoryName AppName = RepositoryName.Parse(App);
    public static readonly Manifest
        First = SampleManifests.Image("first"),
        Second = SampleManifests.Image("second", layers: SampleBlob.Of("layer"));

    /// <summary>The positions of its feed whose commits name blobs of <see cref="App"/>, and which.</summary>
    public static readonly IReadOnlyList<(long Position, IReadOnlyList<Digest> Blobs)> BlobsOfApp =
        [(1, BlobsOf(First)), (3, BlobsOf(Second))];

    private readonly TemporaryFolder _folder = new();
    private readonly RegionMap _map;
    private readonly FeedServer _feeds;
    private ReadLeases _leases = null!;
    private int _refusals;

    private TestHome(TestSource source)
    {
        Source = source;
        Topology = Of([(Eu, source.Address), (Us, "http://127.0.0.1:1")], "[]");
        _map = new RegionMap(Eu, Topology);
        Store = new SqliteMetadataStore(_folder.Child("metadata.db"), Eu);
        _feeds = new FeedServer(_map, Store);
        source.Other = HandleAsync;
        Begin(TimeProvider.System, 0);
    }

    /// <summary>What answers over HTTP/2; it has the blobs.</summary>
    public TestSource Source { get; }

    public GeoRegistry.Regions.Topologies.Topology Topology { get; }

    public SqliteMetadataStore Store { get; }

    /// <summary>Its feed, as it was filled.</summary>
    public IReadOnlyList<FeedEntry> Feed { get; private set; } = [];

    /// <summary>The entries of its feed, each with its number in its ledger.</summary>
    public IReadOnlyList<(FeedEntry Entry, long Number)> Numbers =>
        [.. Feed.Select(entry => (entry, CommitCodec.Decode(entry.Encoded).Number))];

    /// <summary>Starts it with five commits: the tag v1 of one repository is set and moved, others are set, one is deleted.</summary>
    public static async Task<TestHome> StartAsync()
    {
        var home = new TestHome(
            await TestSource.StartAsync(SampleBlob.Of("layer"), SampleManifests.ConfigOf("first"), SampleManifests.ConfigOf("second")));
        var (app, lib) = (home.Ledger(App), home.Ledger(Lib));
        await app.AppendAsync(
            new Operation.ManifestPut(First),
            new Operation.TagSet(Tag.Parse("v1"), First.Digest),
            new Operation.TagSet(Tag.Parse("gone"), First.Digest));
        await lib.AppendAsync(new Operation.ManifestPut(First), new Operation.TagSet(Tag.Parse("v1"), First.Digest));
        await app.AppendAsync(new Operation.ManifestPut(Second), new Operation.TagSet(Tag.Parse("v1"), Second.Digest));
        await home.Ledger(Old).AppendAsync(new Operation.ManifestPut(First), new Operation.TagSet(Tag.Parse("v1"), First.Digest));
        await app.AppendAsync(new Operation.TagDeleted(Tag.Parse("gone")));
        home.Feed = await home.Store.ReadFeedAsync(Eu, 0, 100);
        return home;
    }

    /// <summary>Begins with a follower of which nothing is known.</summary>
    /// <param name="clock">The time of both.</param>
    /// <param name="refusals">How many snapshots are refused first.</param>
    public void Begin(TimeProvider clock, int refusals)
    {
        _leases = new ReadLeases(_map, new ReplicationOptions(), clock);
        _refusals = refusals;
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    private static IReadOnlyList<Digest> BlobsOf(Manifest manifest) => [.. manifest.References.Select(reference => reference.Digest)];

    private SampleLedger Ledger(string repository) => new(() => Store, repository);

    private Task HandleAsync(HttpContext http) => http.Request.Path.Value! switch
    {
        "/peer/feed" => FeedAsync(http),
        "/peer/feed/end" => EndAsync(http),
        "/peer/progress" => ProgressAsync(http),
        "/peer/ledgers" => LedgersAsync(http),
        "/peer/ledger" => LedgerAsync(http),
        var path => SnapshotAsync(http, path["/peer/ledgers/".Length..]),
    };

    private async Task FeedAsync(HttpContext http)
    {
        var query = http.Request.Query;
        Incarnation.TryParse(query["incarnation"], out var incarnation);
        var cursor = new FeedCursor(
            incarnation, long.Parse(query["after"]!, CultureInfo.InvariantCulture), Convert.FromHexString(query["checksum"]!));
        var (start, extent) = await _feeds.FindStartAsync(cursor, http.RequestAborted);
        http.Response.Headers[PeerHeaders.Incarnation] = extent.Incarnation.ToString();
        http.Response.StatusCode = start switch
        {
            FeedStart.Possible => StatusCodes.Status200OK,
            FeedStart.Pruned => StatusCodes.Status410Gone,
            _ => StatusCodes.Status409Conflict,
        };
        if (start != FeedStart.Possible) return;
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        try
        {
            await _feeds.WriteAsync(Us, extent.At(Eu, cursor.Position), http.Response.BodyWriter, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The follower has gone.
        }
    }

    private async Task EndAsync(HttpContext http) =>
        await http.Response.WriteAsJsonAsync(
            FeedEnd.Of(await _feeds.ReadEndAsync(http.RequestAborted), _map.Current.Version), http.RequestAborted);

    private async Task ProgressAsync(HttpContext http)
    {
        var applied = long.Parse(http.Request.Query["applied"]!, CultureInfo.InvariantCulture);
        var topology = long.Parse(http.Request.Query["topology"]!, CultureInfo.InvariantCulture);
        Incarnation.TryParse(http.Request.Query["incarnation"], out var incarnation);
        var (feed, lease) = await _leases.ReportAsync(Us, incarnation, applied, topology, () => Store.ReadFeedExtentAsync(Eu));
        await http.Response.WriteAsJsonAsync(
            new ProgressReply(
                feed.Head, (long)lease.TotalMilliseconds, _leases.ShownThrough(feed.Head), feed.Incarnation.ToString()),
            http.RequestAborted);
    }

    private async Task LedgersAsync(HttpContext http)
    {
        var rows = (await Store.ListStatesAsync(null, 100)).Select(row => LedgerRow.Of(row.Ledger, row.State));
        await http.Response.WriteAsJsonAsync(new LedgerPage([.. rows], null), http.RequestAborted);
    }

    private async Task LedgerAsync(HttpContext http)
    {
        var ledger = new LedgerId(LedgerKind.Repository, http.Request.Query["name"].ToString());
        if (await Store.ReadStateAsync(ledger) is var state && state.Head.Number == 0)
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        else
            await http.Response.WriteAsJsonAsync(LedgerRow.Of(ledger, state), http.RequestAborted);
    }

    private async Task SnapshotAsync(HttpContext http, string name)
    {
        if (Interlocked.Decrement(ref _refusals) >= 0)
        {
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        using var content = new MemoryStream();
        if (await Store.ReadSnapshotAsync(
            new LedgerId(LedgerKind.Repository, name), (snapshot, stop) => SnapshotCodec.WriteAsync(content, snapshot, stop)))
            await http.Response.Body.WriteAsync(content.ToArray());
        else
            http.Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
