using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

/// <summary>Rows that were changed beside the store and that it restores by itself, from a copy or from what other rows say.</summary>
public sealed class RestoredRowsTests : IAsyncLifetime
{
    private const string Unchecked = "PRAGMA foreign_keys = OFF; ";

    private static readonly RegionId Own = SampleLedger.Region;

    private readonly SqliteStoreFixture _fixture = new();

    [Theory]
    [InlineData("UPDATE ledgers SET name = 'library/c' WHERE name = 'library/a'")]
    [InlineData("UPDATE ledgers SET name = 'Library/A' WHERE name = 'library/a'")]
    [InlineData("UPDATE ledgers SET name = CAST(x'6c69f5' AS TEXT) WHERE name = 'library/a'")]
    [InlineData("UPDATE ledgers SET kind = 2 WHERE name = 'library/a'")]
    [InlineData("UPDATE ledgers SET kind = 257 WHERE name = 'library/a'")]
    [InlineData(Unchecked + "UPDATE ledgers SET id = 99 WHERE name = 'library/a'")]
    [InlineData("UPDATE ledger_names SET name = 'library/c' WHERE name = 'library/a'")]
    [InlineData("UPDATE ledger_names SET kind = 257 WHERE name = 'library/a'")]
    [InlineData("UPDATE ledger_names SET id = 99 WHERE name = 'library/a'")]
    [InlineData("DELETE FROM ledger_names WHERE name = 'library/a'")]
    public async Task Open_NameOfALedgerDamaged_IsRestoredAndReportedOnce(string change)
    {
        var (a, b) = (await FillAsync("library/a"), await FillAsync("library/b"));

        _fixture.Execute(change);
        await _fixture.ReopenAsync();

        Assert.Equal([a.Repository, b.Repository], await _fixture.Store.ListRepositoriesAsync(null, 10));
        Assert.Equal(a.Head, await _fixture.Store.ReadHeadAsync(a.Id));
        Assert.Equal([a.Id], await FaultyAsync());
        Assert.Empty(await FaultyAsync());
        await a.TagAsync(SampleManifests.Image("library/a").Digest, "later");
    }

    /// <summary>Before a pass has found it, it is answered for and not begun anew; the other repositories are as they were.</summary>
    [Theory]
    [InlineData("UPDATE ledgers SET name = 'library/c' WHERE name = 'library/a'")]
    [InlineData("UPDATE ledgers SET name = 'Library/A' WHERE name = 'library/a'")]
    [InlineData("UPDATE ledgers SET kind = 2 WHERE name = 'library/a'")]
    public async Task ReadHeadAsync_NameDamagedWhileTheStoreIsOpen_FindsTheLedgerByTheCopy(string change)
    {
        var (a, b) = (await FillAsync("library/a"), await FillAsync("library/b"));

        _fixture.Execute(change);

        Assert.Equal([b.Repository], await _fixture.Store.ListRepositoriesAsync(null, 10));
        Assert.Equal(a.Head, await _fixture.Store.ReadHeadAsync(a.Id));
        await a.TagAsync(SampleManifests.Image("library/a").Digest, "later");
        await _fixture.Store.LinkBlobAsync(a.Repository, SampleBlob.Of("uploaded").Digest, 8);
        var scan = await _fixture.Store.VerifyNextAsync(0);
        Assert.Equal((a.Id, true), (scan!.Ledger, scan.Fault is not null));
        Assert.True(await _fixture.Store.RestoreRowsAsync(scan));
        Assert.Empty(await FaultyAsync());
        Assert.Equal([a.Repository, b.Repository], await _fixture.Store.ListRepositoriesAsync(null, 10));
    }

    /// <summary>With nothing left that fits another, it is no ledger that begins: other regions may have it.</summary>
    [Fact]
    public async Task Open_AllRowsOfALedgerGone_IsDamagedAndStaysSo()
    {
        var a = await FillAsync("library/a");
        foreach (var table in new[] { "commits", "manifests", "tags", "manifest_references", "referrers", "blob_links" })
            _fixture.Execute($"DELETE FROM {table}");
        _fixture.Execute("DELETE FROM ledgers");

        await _fixture.ReopenAsync();

        for (var pass = 0; pass < 2; pass++) Assert.Equal([a.Id], await FaultyAsync());
    }

    [Fact]
    public async Task RestoreRowsAsync_ChecksumOfTheCopyDamaged_MakesTheCopyAnew()
    {
        var a = await FillAsync("library/a");
        _fixture.Execute("UPDATE ledger_names SET row_checksum = zeroblob(32)");

        var scan = await _fixture.Store.VerifyNextAsync(0);

        Assert.Contains("copy", scan!.Fault, StringComparison.Ordinal);
        Assert.True(await _fixture.Store.RestoreRowsAsync(scan));
        Assert.Empty(await FaultyAsync());
        Assert.Equal(a.Head, await _fixture.Store.ReadHeadAsync(a.Id));
    }

    /// <summary>Its followers know the incarnation: with another, or another pruned position, they would have to take all over.</summary>
    [Theory]
    [InlineData("UPDATE feeds SET incarnation = '00000001'", 0)]
    [InlineData("UPDATE feeds SET incarnation = 'E?'", 0)]
    [InlineData("UPDATE feeds SET incarnation = ''", 0)]
    [InlineData("UPDATE own_incarnation SET incarnation = '00000001'", 0)]
    [InlineData("UPDATE own_incarnation SET incarnation = 'E?'", 0)]
    [InlineData("UPDATE feeds SET row_checksum = zeroblob(32)", 3)]
    [InlineData("UPDATE feeds SET pruned = 1", 3)]
    [InlineData("UPDATE feeds SET region = 'E?'", 3)]
    [InlineData("UPDATE feeds SET region = 'ev'", 3)]
    public async Task Open_OwnRowOfFeedsDamaged_HasItsIncarnation(string change, long oldest)
    {
        await FillAsync("library/a");
        var before = await _fixture.Store.ReadFeedExtentAsync(Own);

        _fixture.Execute(change);
        await _fixture.ReopenAsync();

        Assert.Equal(before with { Oldest = oldest }, await _fixture.Store.ReadFeedExtentAsync(Own));
        Assert.Contains(Own, await _fixture.Store.FindDamagedFeedsAsync());
        Assert.False(await _fixture.Store.ResetCursorAsync(Own)); // Nothing is left to do.
        Assert.DoesNotContain(Own, await _fixture.Store.FindDamagedFeedsAsync());
        await _fixture.ReopenAsync();
        Assert.DoesNotContain(Own, await _fixture.Store.FindDamagedFeedsAsync());
    }

    /// <summary>Its followers would have to be told of every position in between, each without a commit.</summary>
    [Theory]
    [InlineData("9007199254740992", 3)]
    [InlineData("-1", 3)]
    [InlineData("7", 7)] // Commits may have been dropped whose positions were given.
    public async Task Open_PositionOfTheOwnFeedDamaged_GoesOnAfterTheCommits(string position, long last)
    {
        await FillAsync("library/a");

        _fixture.Execute($"UPDATE feeds SET position = {position}");
        await _fixture.ReopenAsync();

        Assert.Equal(last, (await _fixture.Store.ReadFeedExtentAsync(Own)).Head);
    }

    [Fact]
    public async Task ResetCursorAsync_OwnIncarnationDamagedWhileTheStoreIsOpen_RestoresIt()
    {
        await FillAsync("library/a");
        var begun = await _fixture.Store.BeginIncarnationAsync();

        _fixture.Execute("UPDATE feeds SET incarnation = '00000001'");

        Assert.Equal([Own], await _fixture.Store.FindDamagedFeedsAsync());
        await _fixture.Store.ResetCursorAsync(Own);
        Assert.Empty(await _fixture.Store.FindDamagedFeedsAsync());
        Assert.Equal(begun, (await _fixture.Store.ReadFeedExtentAsync(Own)).Incarnation);
    }

    /// <summary>What is to be taken over is not complete; where it is not known, it is.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_TakeOverDamaged_IsFoundAndAllIsTakenOver(bool wasPending)
    {
        var us = RegionId.Parse("us");
        if (wasPending) await _fixture.Store.AdoptTopologyAsync("{}"u8.ToArray(), 1, [us]);
        else await _fixture.Store.SkipToAsync(us, new FeedCursor(SampleFeed.Incarnation, 5, default), 1);

        _fixture.Execute("UPDATE feeds SET take_over = 1 - take_over WHERE region = 'us'");
        await _fixture.ReopenAsync();

        Assert.True(await _fixture.Store.IsTakeOverPendingAsync(us));
        Assert.Equal([us], await _fixture.Store.FindDamagedFeedsAsync());
        await _fixture.Store.SkipToAsync(us, new FeedCursor(SampleFeed.Incarnation, 5, default), 1);
        Assert.False(await _fixture.Store.IsTakeOverPendingAsync(us));
    }

    [Fact]
    public async Task FindFaultOfRecordAsync_BytesOfAFeedDamaged_IsFoundAndSummedUpAgain()
    {
        await FillAsync("library/a");
        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());
        _fixture.Execute("UPDATE feeds SET bytes = bytes + 1000000");

        Assert.Contains("size", await _fixture.Store.FindFaultOfRecordAsync(), StringComparison.Ordinal);
        await _fixture.Store.RepairRecordAsync();

        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());
        Assert.Equal(0, await _fixture.Store.PruneFeedAsync(Own, keep: 100, keepBytes: 1_000_000, limit: 10));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RepairRecordAsync_CommitOfNoLedger_IsGivenBack(long number)
    {
        await FillAsync("library/a");
        var before = await FeedAsync();

        _fixture.Execute($"{Unchecked}UPDATE commits SET ledger = 99 WHERE number = {number}");

        Assert.Contains("no ledger", await _fixture.Store.FindFaultOfRecordAsync(), StringComparison.Ordinal);
        await _fixture.Store.RepairRecordAsync();
        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());
        Assert.Empty(await FaultyAsync());
        Assert.Equal(before, await FeedAsync());
    }

    /// <summary>Whose it was it cannot say: its position is not given again.</summary>
    [Fact]
    public async Task RepairRecordAsync_CommitOfNoLedgerThatCannotBeRead_IsDropped()
    {
        var a = await FillAsync("library/a");
        _fixture.Execute($"{Unchecked}UPDATE commits SET ledger = 99, encoded = x'00' WHERE number = 3");

        await _fixture.Store.RepairRecordAsync();

        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());
        Assert.Equal([a.Id], await FaultyAsync());
        Assert.Equal(3, (await _fixture.Store.ReadFeedExtentAsync(Own)).Head);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RestoreRowsAsync_CommitOfAnotherLedger_IsGivenBack(long number)
    {
        await FillAsync("library/a");
        var before = await FeedAsync();
        var other = new SampleLedger(() => _fixture.Ledgers, "library/other");
        await _fixture.Store.LinkBlobAsync(other.Repository, SampleBlob.Of("uploaded").Digest, 8);

        _fixture.Execute($"UPDATE commits SET ledger = (SELECT id FROM ledgers WHERE name = 'library/other') WHERE number = {number}");

        var scans = await _fixture.Store.VerifyAllAsync();
        Assert.NotNull(scans[1].Fault);
        foreach (var scan in scans) await _fixture.Store.RestoreRowsAsync(scan);
        Assert.Empty(await FaultyAsync());
        Assert.Equal(before, await FeedAsync());
    }

    /// <summary>The row of one that is missing within a history may be anywhere: its ledger has to be replaced.</summary>
    [Fact]
    public async Task VerifyNextAsync_CommitMissingWithinAHistory_IsAFault()
    {
        var a = await FillAsync("library/a");
        await a.TagAsync(SampleManifests.Image("library/a").Digest, "later");
        await _fixture.Store.PruneFeedAsync(Own, keep: 3, keepBytes: long.MaxValue, limit: 10);
        Assert.Empty(await FaultyAsync());

        _fixture.Execute("DELETE FROM commits WHERE number = 3");

        Assert.Contains("commit 3 of the history is missing", (await _fixture.Store.VerifyAllAsync())[0].Fault, StringComparison.Ordinal);
    }

    /// <summary>Pruning keeps the last commit of a ledger, and its next commit drops it.</summary>
    [Fact]
    public async Task VerifyNextAsync_HistoryPrunedInEveryWay_IsWhole()
    {
        var (a, image) = (await FillAsync("library/a"), SampleManifests.Image("library/a").Digest);
        await _fixture.Store.BeginIncarnationAsync(); // What came before counts as pruned and is still there.
        for (var i = 0; i < 3; i++)
        {
            await a.TagAsync(image, $"w{i}");
            Assert.Empty(await FaultyAsync());
        }

        for (var keep = 3; keep >= 0; keep--)
        {
            await _fixture.Store.PruneFeedAsync(Own, keep, keepBytes: long.MaxValue, limit: 10);
            Assert.Empty(await FaultyAsync());
            await a.TagAsync(image, $"v{keep}");
            Assert.Empty(await FaultyAsync());
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _fixture.DisposeAsync().AsTask();

    /// <summary>Three commits.</summary>
    private async Task<SampleLedger> FillAsync(string name)
    {
        var (ledger, image) = (new SampleLedger(() => _fixture.Ledgers, name), SampleManifests.Image(name));
        await ledger.PutAsync(image);
        await ledger.TagAsync(image.Digest, "v1");
        await ledger.TagAsync(image.Digest, "v2");
        return ledger;
    }

    private async Task<List<LedgerId>> FaultyAsync() =>
        [.. (await _fixture.Store.VerifyAllAsync()).Where(scan => scan.Fault is not null).Select(scan => scan.Ledger)];

    private async Task<List<string>> FeedAsync() => [.. (await _fixture.Store.ReadFeedAsync(Own, 0, 100)).Select(entry =>
        $"{entry.Position} {entry.Ledger} {Convert.ToHexString(entry.Encoded.Span)}")];
}
