using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

public sealed class SchemaTests
{
    private const int NewerThanAnyBuild = 1_000_000;

    [Fact]
    public void Constructor_DatabaseOfANewerBuild_IsRefusedAndLeftAsItIs()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Child("metadata.db");
        using (var database = new SqliteFile(path)) database.Execute($"PRAGMA user_version = {NewerThanAnyBuild}");

        var refusal = Assert.Throws<InvalidDataException>(() => new SqliteMetadataStore(path, SampleLedger.Region));

        Assert.Contains($"schema version {NewerThanAnyBuild}", refusal.Message, StringComparison.Ordinal);
        using var after = new SqliteFile(path);
        Assert.Equal([$"{NewerThanAnyBuild}"], after.Texts("PRAGMA user_version"));
        Assert.Empty(after.Texts("SELECT name FROM sqlite_schema"));
    }

    /// <summary>The databases of all schema versions are frozen in Golden/: every later build must open them with all they hold.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Constructor_DatabaseOfAVersion_OpensWithAllItHolds(int version)
    {
        await using var fixture = new SqliteStoreFixture(Golden(version));
        var (name, manifest, layer) = (RepositoryName.Parse("library/golden"),
            SampleManifests.Image("golden", layers: SampleBlob.Of("golden layer")), SampleBlob.Of("golden layer"));

        var head = await fixture.Store.ReadHeadAsync(LedgerId.Of(name));
        Assert.Equal((3, 1), (head.Epoch, head.Number));
        Assert.Equal(manifest.Content.ToArray(), (await fixture.Store.FindManifestAsync(name, manifest.Digest))!.Content.ToArray());
        Assert.Equal(manifest.Digest, await fixture.Store.FindTagAsync(name, Tag.Parse("v1")));
        Assert.Equal(manifest.Digest, await fixture.Store.FindReferenceToAsync(name, layer.Digest));
        Assert.Equal(layer.SizeBytes, await fixture.Store.FindBlobAsync(name, layer.Digest));
        Assert.Equal([name], await fixture.Store.ListRepositoriesAsync(null, 10));
        var entry = Assert.Single(await fixture.Store.ReadFeedAsync(RegionId.Parse("eu"), 0, 10));
        Assert.Equal(2, CommitCodec.Decode(entry.Encoded).Operations.Count);

        var ledger = new SampleLedger(() => fixture.Store, name.ToString()) { Head = head, Epoch = 3 };
        Assert.Equal(2, (await ledger.AppendAsync(
            [new MissingBlob(layer.Digest, 1, RegionId.Parse("ap"))], new Operation.TagDeleted(Tag.Parse("v1")))).Position.Number);
        Assert.Contains(await fixture.Store.ListAsync(dead: false, 10), job => job.Digest == layer.Digest);
    }

    [Fact]
    public async Task Constructor_DatabaseOfVersion2_HasItsFeedsAndItsHydrationQueue()
    {
        await using var fixture = new SqliteStoreFixture(Golden(2));
        var (us, layer, config) = (RegionId.Parse("us"), SampleBlob.Of("golden layer"), SampleManifests.ConfigOf("golden"));

        var cursor = await fixture.Store.ReadCursorAsync(us);
        Assert.Equal((7, LedgerHead.ChecksumSizeBytes), (cursor.Position, cursor.Checksum.Length));
        Assert.Equal((3, 7), await fixture.Store.ReadExtentAsync(us));
        Assert.Equal(layer.Digest, Assert.Single(await fixture.Store.ReadReadyAsync(us, SampleLedger.At, 10)).Digest);
        var dead = Assert.Single(await fixture.Store.ListAsync(dead: true, 10));
        Assert.Equal((config.Digest, 4, "nobody has it", SampleLedger.At, "library/golden"),
            (dead.Digest, dead.Attempts, dead.Error, dead.Since, dead.Repository));
        var bytes = layer.SizeBytes + config.SizeBytes;
        Assert.Equal([new PendingSummary(us, 1, 2, bytes, 1, SampleLedger.At)], await fixture.Store.SummarizeAsync());
        Assert.Equal(
            [new RepositoryPending("library/golden", 1, 2, bytes, SampleLedger.At)],
            await fixture.Store.SummarizeRepositoriesAsync(null, 10));

        Assert.Empty(await fixture.Store.CompleteAsync(layer.Digest));
        Assert.False(await fixture.Store.IsCompleteAsync(LedgerId.Of(RepositoryName.Parse("library/golden")), us, 7));
        Assert.Equal(
            [new PendingCommit(new FeedPosition(us, default, 7), SampleLedger.At)], await fixture.Store.CompleteAsync(config.Digest));
        Assert.Empty(await fixture.Store.SummarizeAsync());
    }

    /// <summary>An upgraded database is the same as a new one: the last golden file says what that is.</summary>
    [Fact]
    public async Task Constructor_DatabaseOfVersion1_IsUpgradedToTheSchemaOfTheLastVersion()
    {
        await using var upgraded = new SqliteStoreFixture(Golden(1));
        using var folder = new TemporaryFolder();
        using var golden = new SqliteFile(folder.Child("golden.db"));
        golden.Execute(Golden(6));
        using var database = new SqliteFile(upgraded.DatabasePath);

        const string Schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        Assert.Equal(golden.Texts(Schema), database.Texts(Schema));
    }

    /// <summary>
    /// The checksums in the golden file are literal: what one build wrote is what every later one must make of the same
    /// rows.
    /// </summary>
    [Fact]
    public async Task VerifyNextAsync_DatabaseOfVersion6_HasTheChecksumsStoredInIt()
    {
        await using var fixture = new SqliteStoreFixture(Golden(6));

        var scan = await fixture.Store.VerifyNextAsync(0);

        Assert.Null(scan!.Fault);
        Assert.Equal(scan.Stored, scan.Computed);
        Assert.Empty(await fixture.Store.FindDamagedFeedsAsync());
        Assert.Null(await fixture.Store.FindFaultOfRecordAsync());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task ReadRecordAsync_DatabaseOfAVersion_HasWhatTheRegionRemembers(int version)
    {
        await using var fixture = new SqliteStoreFixture(Golden(version));

        var record = await fixture.Store.ReadRecordAsync();

        Assert.Equal("{}"u8.ToArray(), record.Topology.ToArray());
        Assert.Equal((TimeSpan.FromSeconds(5), 1), (record.LongestLease, record.ShownThrough));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task VerifyNextAsync_DatabaseOfAnEarlierVersion_GetsItsChecksum(int version)
    {
        await using var fixture = new SqliteStoreFixture(Golden(version));

        var first = await fixture.Store.VerifyNextAsync(0);
        var second = await fixture.Store.VerifyNextAsync(0);

        Assert.Equal((null, null, null), (first!.Stored, first.Fault, second!.Fault));
        Assert.Equal(first.Computed, second.Stored);
    }

    [Fact]
    public async Task Constructor_OpenedTwice_UpgradesOnce()
    {
        await using var fixture = new SqliteStoreFixture();
        using var database = new SqliteFile(fixture.DatabasePath);
        var (version, tables) = (database.Texts("PRAGMA user_version"), database.Texts("SELECT name FROM sqlite_schema ORDER BY name"));

        await fixture.ReopenAsync();

        Assert.Equal(version, database.Texts("PRAGMA user_version"));
        Assert.Equal(tables, database.Texts("SELECT name FROM sqlite_schema ORDER BY name"));
    }

    [Fact]
    public async Task Constructor_Database_IsDurableAtEveryCommit()
    {
        await using var fixture = new SqliteStoreFixture();
        using var database = new SqliteFile(fixture.DatabasePath);

        Assert.Equal(["wal"], database.Texts("PRAGMA journal_mode"));
    }

    /// <summary>
    /// The tables of a version and one repository in them, whose bytes are made here in place of the file's names for
    /// them.
    /// </summary>
    private static string Golden(int version)
    {
        var (manifest, layer, config) = (SampleManifests.Image("golden", layers: SampleBlob.Of("golden layer")),
            SampleBlob.Of("golden layer"), SampleManifests.ConfigOf("golden"));
        var commit = new Commit(
            LedgerId.Of(RepositoryName.Parse("library/golden")), 3, 1, SampleLedger.At, "golden", RegionId.Parse("eu"),
            [new Operation.ManifestPut(manifest), new Operation.TagSet(Tag.Parse("v1"), manifest.Digest)]);
        var encoded = CommitCodec.Encode(commit);
        var sql = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", $"schema-v{version}.sql"));
        return sql
            .Replace("@manifest_digest", Key(manifest.Digest), StringComparison.Ordinal)
            .Replace("@manifest_content", Hex(manifest.Content.Span), StringComparison.Ordinal)
            .Replace("@layer_digest", Key(layer.Digest), StringComparison.Ordinal)
            .Replace("@layer_size", $"{layer.SizeBytes}", StringComparison.Ordinal)
            .Replace("@config_digest", Key(config.Digest), StringComparison.Ordinal)
            .Replace("@config_size", $"{config.SizeBytes}", StringComparison.Ordinal)
            .Replace("@commit_encoded", Hex(encoded), StringComparison.Ordinal)
            .Replace("@commit_checksum", Hex(LedgerHead.Empty.After(3, encoded).Checksum.Span), StringComparison.Ordinal);

        static string Hex(ReadOnlySpan<byte> bytes) => $"X'{Convert.ToHexString(bytes)}'";
        static string Key(Digest digest) => Hex([1, .. digest.ToHash()]);
    }
}
