using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Status;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>The region "eu" with real stores, and sources as its other regions: "us", then "ap".</summary>
internal sealed class HydratingRegion : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _hydrating = [];

    public HydratingRegion(params IReadOnlyList<string> sources)
        : this(TimeProvider.System, sources)
    {
    }

    public HydratingRegion(TimeProvider clock, params IReadOnlyList<string> sources)
        : this(clock, null, sources)
    {
    }

    public HydratingRegion(TimeProvider clock, IBlobCopies? copies, params IReadOnlyList<string> sources)
    {
        File.WriteAllText(_folder.Child("key"), new string('k', 32));
        var others = new[] { Us, Ap }.Zip(sources);
        var map = Map = new RegionMap(Eu, Of([(Eu, "http://127.0.0.1:1"), .. others], "[]"));
        Metadata = new SqliteMetadataStore(_folder.Child("metadata.db"), SampleLedger.Region);
        Blobs = new FileBlobStore(_folder.Child("blobs"));
        Faulty = new FaultyBlobStore(Blobs);
        Peers = new PeerClient(map, new PeerOptions { KeyFile = _folder.Child("key") }, clock);
        Fetches = new BlobFetches(map, Faulty, Peers, Metadata, new Latencies(), clock, Log, copies);
        Hydrator = new Hydrator(map, Metadata, Fetches, Options, clock, NullLogger<Hydrator>.Instance);
        Ledger = new SampleLedger(() => Metadata, "team/app");
    }

    public RegionMap Map { get; }

    public SqliteMetadataStore Metadata { get; }

    public FileBlobStore Blobs { get; }

    /// <summary>The store that fetches of <see cref="Fetches"/> use: <see cref="Blobs"/>, until a test lets it fail.</summary>
    public FaultyBlobStore Faulty { get; }

    /// <summary>What was logged by <see cref="Fetches"/>.</summary>
    public RecordedLog<BlobFetches> Log { get; } = new();

    public DamagedCopies Damaged { get; } = new(NullLogger.Instance);

    public PeerClient Peers { get; }

    public BlobFetches Fetches { get; }

    public Hydrator Hydrator { get; }

    public ReplicationOptions Options { get; } = new();

    public SampleLedger Ledger { get; }

    /// <summary>Appends a commit that awaits a blob from "us".</summary>
    public Task AwaitBlobAsync(SampleBlob blob) =>
        Ledger.AppendAsync([new MissingBlob(blob.Digest, blob.SizeBytes, Us)], new Operation.BlobLinked(blob.Digest, blob.SizeBytes));

    public void Hydrate() => _hydrating.Add(Hydrator.RunAsync(Us, _stopping.Token));

    /// <summary>Lets an upload look as if nothing had been appended to it for a time.</summary>
    public void AgeUpload(string key, TimeSpan age) =>
        File.SetLastWriteTimeUtc(
            Path.Combine(_folder.Child("blobs"), "uploads", key), (TimeProvider.System.GetUtcNow() - age).UtcDateTime);

    /// <summary>The file of a blob.</summary>
    public string PathOf(SampleBlob blob) =>
        Directory.EnumerateFiles(_folder.Child("blobs"), blob.Digest.Hex.ToString(), SearchOption.AllDirectories).Single();

    public BlobFetch Fetch(SampleBlob blob, IBlobStore? store = null, TimeProvider? clock = null) =>
        new(blob.Digest, blob.SizeBytes, store ?? Blobs, new BlobSource(Peers, null, clock ?? TimeProvider.System), Damaged,
            clock ?? TimeProvider.System);

    public async Task<byte[]> ReadAsync(IBlobReader reader)
    {
        using var all = new MemoryStream();
        var buffer = new byte[10_000];
        for (var count = -1; count != 0; all.Write(buffer, 0, count))
        {
            Assert.True(all.Length <= reader.SizeBytes, $"The end of {reader.SizeBytes} bytes never came.");
            count = await reader.ReadAsync(all.Length, buffer);
        }

        return all.ToArray();
    }

    public async Task<byte[]?> StoredAsync(SampleBlob blob)
    {
        if (await Blobs.OpenAsync(blob.Digest) is not { } reader) return null;
        await using (reader) return await ReadAsync(reader);
    }

    /// <summary>The keys of all uploads in the store.</summary>
    public async Task<IReadOnlyList<string>> UploadsAsync() => await Blobs.ListUploadsAsync().Select(upload => upload.Key).ToListAsync();

    /// <summary>What the queue says of its only blob.</summary>
    public async Task<HydrationJob> JobAsync(bool dead = false) => Assert.Single(await Metadata.ListAsync(dead, 10));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var task in _hydrating) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.OrFail("the hydrator stops"));
        await Fetches.DisposeAsync().AsTask().OrFail("the fetches end");
        Peers.Dispose();
        await Metadata.DisposeAsync();
        _folder.Dispose();
        _stopping.Dispose();
    }
}
