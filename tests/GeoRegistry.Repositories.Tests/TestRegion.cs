using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.Repositories.Writes;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests;

/// <summary>The real stores of one region in a folder of their own.</summary>
internal sealed class TestRegion : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;

    public TestRegion(bool inMemory = false)
    {
        _folder = new TemporaryFolder(inMemory);
        Metadata = new SqliteMetadataStore(_folder.Child("metadata.db"), SampleLedger.Region);
        Blobs = new FileBlobStore(_folder.Child("blobs"));
    }

    public static RegionId Id { get; } = RegionId.Parse("eu");

    public SqliteMetadataStore Metadata { get; }

    public FileBlobStore Blobs { get; }

    public CountingTimeProvider Clock { get; } = new();

    public RepositoryOptions Options { get; } = new();

    /// <summary>What one process of the region has in memory; two of them on one region know nothing of each other.</summary>
    /// <param name="ledgers">The ledgers as this process finds them; null for the region's own.</param>
    /// <param name="visibility">Who may show what; null for a region that is alone.</param>
    public TestProcess Start(ILedgerStore? ledgers = null, IVisibility? visibility = null) =>
        new(this, ledgers ?? Metadata, Metadata, Blobs, visibility ?? new NoOtherRegions());

    /// <summary>A process for which all calls of the stores have these faults.</summary>
    public TestProcess Start(StoreFaults faults) => new(
        this,
        faults.Over<ILedgerStore>(Metadata),
        faults.Over<IRepositoryTables>(Metadata),
        new FaultyBlobStore(Blobs, faults),
        new NoOtherRegions());

    /// <summary>A process that asks other regions for blobs.</summary>
    public TestProcess Start(IRemoteBlobs remote) => new(this, Metadata, Metadata, Blobs, new NoOtherRegions(), remote);

    /// <summary>A process that finds the region's blobs in this store.</summary>
    public TestProcess Start(IBlobStore blobs) => new(this, Metadata, Metadata, blobs, new NoOtherRegions());

    public async ValueTask DisposeAsync()
    {
        await Metadata.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>The objects of one process on a region's stores.</summary>
internal sealed class TestProcess
{
    public static readonly RepositoryName Name = RepositoryName.Parse("library/sample");

    private static readonly WriteOrigin Origin = new("tests");

    private readonly TestRegion _region;

    public TestProcess(TestRegion region, ILedgerStore ledgers, IRepositoryTables tables, IBlobStore blobs, IVisibility visibility,
        IRemoteBlobs? remote = null)
    {
        _region = region;
        Reader = new RepositoryReader(tables, region.Options);
        var none = new NoOtherRegions();
        Blobs = new RepositoryBlobs(tables, blobs, none, none, none, region.Options);
        Directory = new RepositoryDirectory(
            _ => new Home(TestRegion.Id, 1),
            ledgers,
            tables,
            new RepositoryViews(Reader, Blobs),
            remote ?? none,
            none,
            none,
            visibility,
            region.Clock);
        Uploads = new UploadSessions(TestRegion.Id, blobs, Blobs, region.Options, region.Clock);
    }

    public RepositoryReader Reader { get; }

    public RepositoryBlobs Blobs { get; }

    public RepositoryDirectory Directory { get; }

    public UploadSessions Uploads { get; }

    public IRepository Repository => Directory.Of(Name);

    /// <summary>Pushes blobs, then an image of them, under these tags.</summary>
    public async Task<Manifest> PushImageAsync(string name, params IReadOnlyList<string> tags)
    {
        await PushBlobAsync(SampleManifests.ConfigOf(name));
        var image = SampleManifests.Image(name);
        Committed(await PutAsync(image, tags));
        return image;
    }

    public async Task PushBlobAsync(SampleBlob blob, RepositoryName? repository = null)
    {
        var id = await Uploads.BeginAsync(repository ?? Name, DigestAlgorithm.Sha256)
            ?? throw new InvalidOperationException("Too many uploads are open.");
        Assert.IsType<UploadOutcome.Completed>(await Uploads.CompleteAsync(
            repository ?? Name, id, new UploadChunk(new MemoryStream(blob.Content), null, null), blob.Digest));
    }

    public Task<WriteOutcome> PutAsync(Manifest manifest, params IReadOnlyList<string> tags) =>
        PutAsync(manifest, Precondition.None, tags);

    public Task<WriteOutcome> PutAsync(Manifest manifest, Precondition precondition, params IReadOnlyList<string> tags) =>
        Repository.PutManifestAsync(new PutManifest(manifest, [.. tags.Select(Tag.Parse)], precondition, Origin));

    public Task<WriteOutcome> DeleteAsync(string reference, Precondition? precondition = null)
    {
        Assert.True(Reference.TryParse(reference, out var parsed));
        return Repository.DeleteAsync(new DeleteReference(parsed, precondition ?? Precondition.None, Origin));
    }

    public Task<WriteOutcome> DeleteBlobAsync(Digest digest) => Repository.DeleteBlobAsync(new DeleteBlob(digest, Origin));

    /// <summary>What a reference names, as a client would read it.</summary>
    public async Task<Digest?> ReadAsync(string reference)
    {
        Assert.True(Reference.TryParse(reference, out var parsed));
        return (await Reader.FindManifestAsync(Name, parsed))?.Digest;
    }

    public ValueTask<LedgerHead> ReadHeadAsync() => _region.Metadata.ReadHeadAsync(LedgerId.Of(Name));

    /// <summary>All commits of the region, in order.</summary>
    public async Task<IReadOnlyList<Commit>> ReadCommitsAsync() =>
        [.. (await _region.Metadata.ReadFeedAsync(TestRegion.Id, 0, 10_000)).Select(entry => CommitCodec.Decode(entry.Encoded))];

    public static LedgerHead Committed(WriteOutcome outcome) => Assert.IsType<WriteOutcome.Committed>(outcome).Head;

    /// <summary>The only error of a refusal.</summary>
    public static Protocol.Errors.RegistryError Refused(WriteOutcome outcome) =>
        Assert.Single(Assert.IsType<WriteOutcome.Refused>(outcome).Errors);
}
