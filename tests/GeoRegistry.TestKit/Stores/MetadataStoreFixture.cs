using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.TestKit.Stores;

/// <summary>A metadata store under test, which is empty at first, with the restarts and delays that its contract asks for.</summary>
public abstract class MetadataStoreFixture : IAsyncDisposable
{
    public abstract ILedgerStore Ledgers { get; }

    public abstract IRepositoryTables Tables { get; }

    public abstract IReplicaStore Replicas { get; }

    public abstract IHydrationQueue Hydration { get; }

    public abstract IAnnouncements Announcements { get; }

    public abstract IRegionRecord RegionRecords { get; }

    public abstract IMetadataArchive Archive { get; }

    /// <summary>Closes the store and opens its data again, as a restart of the process does.</summary>
    public abstract Task ReopenAsync();

    /// <summary>
    /// Keeps the store's transactions from being carried out until the result is disposed, as another writer of the
    /// database would; reads are free.
    /// </summary>
    public abstract Task<IAsyncDisposable> HoldWritesAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>A metadata store under test that is one object.</summary>
/// <param name="store">The open store.</param>
public abstract class MetadataStoreFixture<T>(T store) : MetadataStoreFixture
    where T : ILedgerStore, IRepositoryTables, IReplicaStore, IHydrationQueue, IAnnouncements, IRegionRecord, IMetadataArchive,
        IAsyncDisposable
{
    public T Store { get; private set; } = store;

    public override ILedgerStore Ledgers => Store;

    public override IRepositoryTables Tables => Store;

    public override IReplicaStore Replicas => Store;

    public override IHydrationQueue Hydration => Store;

    public override IAnnouncements Announcements => Store;

    public override IRegionRecord RegionRecords => Store;

    public override IMetadataArchive Archive => Store;

    public override async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await OpenStoreAsync();
    }

    public override async ValueTask DisposeAsync() => await Store.DisposeAsync();

    /// <summary>Opens the data that is there.</summary>
    protected abstract Task<T> OpenStoreAsync();
}

/// <summary>What the contracts of metadata stores share: a fresh store for every test.</summary>
public abstract class MetadataStoreContract : IAsyncLifetime
{
    private MetadataStoreFixture? _fixture;

    protected MetadataStoreFixture Fixture => _fixture ?? throw new InvalidOperationException("The test has not begun.");

    protected ILedgerStore Ledgers => Fixture.Ledgers;

    protected IRepositoryTables Tables => Fixture.Tables;

    protected IReplicaStore Replicas => Fixture.Replicas;

    protected IHydrationQueue Hydration => Fixture.Hydration;

    protected IAnnouncements Announcements => Fixture.Announcements;

    protected IRegionRecord RegionRecords => Fixture.RegionRecords;

    public async Task InitializeAsync() => _fixture = await OpenAsync();

    public async Task DisposeAsync() => await Fixture.DisposeAsync();

    /// <summary>Opens a fresh store.</summary>
    protected abstract Task<MetadataStoreFixture> OpenAsync();

    protected SampleLedger Ledger(string repository = "library/sample") => new(() => Fixture.Ledgers, repository);
}
