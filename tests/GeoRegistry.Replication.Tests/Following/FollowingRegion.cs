using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Following;

/// <summary>The region "us" that follows a <see cref="TestHome"/>: its real stores, in a folder of its own.</summary>
internal sealed class FollowingRegion : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new(inMemory: true);

    public FollowingRegion(TestHome home)
    {
        Home = home;
        File.WriteAllText(KeyFile, new string('k', 32));
        Metadata = new SqliteMetadataStore(_folder.Child("metadata.db"), Us, Clock);
        Blobs = new FileBlobStore(_folder.Child("blobs"));
        Spools = new SpoolFolder(_folder.Child("spool"));
    }

    public TestHome Home { get; }

    public FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow());

    public string KeyFile => _folder.Child("key");

    public SqliteMetadataStore Metadata { get; }

    public FileBlobStore Blobs { get; }

    public SpoolFolder Spools { get; }

    /// <summary>A process on these stores, whose calls have these faults.</summary>
    public FollowingProcess Start(StoreFaults faults) => new(this, new RegionMap(Us, Home.Topology), faults);

    /// <summary>Changes its rows beside the store, as a disk or a person would.</summary>
    public void Execute(string sql)
    {
        using var database = new SqliteConnection($"Data Source={_folder.Child("metadata.db")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0, $"Nothing was changed by: {sql}");
    }

    /// <summary>Applies the first entries of the home's feed.</summary>
    public async Task ApplyAsync(int count)
    {
        await using var process = Start(new StoreFaults());
        var entries = new List<ReplicaEntry>();
        foreach (var entry in Home.Feed.Take(count))
            entries.Add(await process.Application.PrepareAsync(process.State, entry, entries, default));
        var incarnation = (await Home.Store.ReadFeedExtentAsync(Eu)).Incarnation;
        Assert.Null((await Metadata.ApplyAsync(Eu, incarnation, entries)).Faulty);
    }

    /// <summary>
    /// What must hold at any time: the cursor is behind no commit that is neither applied nor of a ledger that is set aside.
    /// </summary>
    public async Task AssertNothingIsPassedAsync()
    {
        // What is repaired meanwhile is seen as set aside, or whole.
        var cursor = await Metadata.ReadCursorAsync(Eu);
        var setAside = (await Metadata.ListSetAsideAsync()).Select(row => row.Ledger).ToHashSet();
        foreach (var (entry, number) in Home.Numbers.Where(
            row => row.Entry.Position <= cursor.Position && !setAside.Contains(row.Entry.Ledger!.Value)))
        {
            var head = await Metadata.ReadHeadAsync(entry.Ledger!.Value);
            Assert.True(
                head.Number >= number,
                $"The cursor is at {cursor.Position}, and the {entry.Ledger} at {head.Number}: {entry.Position} is passed.");
        }
    }

    /// <summary>What must hold at the end: every ledger is as at home, nothing is damaged or left to do but for blobs to fetch.</summary>
    public async Task AssertIsAsHomeAsync()
    {
        foreach (var (ledger, state) in await Home.Store.ListStatesAsync(null, 100))
            Assert.Equal(state, await Metadata.ReadStateAsync(ledger));
        Assert.All(await Metadata.VerifyAllAsync(), scan => Assert.Null(scan.Fault));
        Assert.Empty(await Metadata.FindDamagedFeedsAsync());
        Assert.Empty(await Metadata.ListSetAsideAsync());
        Assert.False(await Metadata.IsTakeOverPendingAsync(Eu));
        var (extent, cursor) = (await Home.Store.ReadFeedExtentAsync(Eu), await Metadata.ReadCursorAsync(Eu));
        Assert.Equal((extent.Incarnation, extent.Head), (cursor.Incarnation, cursor.Position));
        Assert.Equal(Home.Feed[^1].Checksum.ToArray(), cursor.Checksum.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await Metadata.DisposeAsync();
        _folder.Dispose();
    }
}
