using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

/// <summary>What a region remembers about itself, after its rows were changed beside the store.</summary>
public sealed class RegionRecordTests : IAsyncLifetime
{
    private readonly SqliteStoreFixture _fixture = new();

    [Theory]
    [InlineData("UPDATE region_record SET topology = x'ff'")]
    [InlineData("UPDATE region_record_copy SET longest_lease = 1")]
    [InlineData("UPDATE region_record SET longest_lease = 9000000000000000000")]
    [InlineData("UPDATE region_record SET shown_through = 1000")]
    [InlineData("UPDATE region_record SET row_checksum = zeroblob(32)")]
    [InlineData("DELETE FROM region_record")]
    [InlineData("DELETE FROM region_record_copy")]
    public async Task FindFaultOfRecordAsync_CopyChangedByHand_IsFoundAndTheOtherIsRead(string change)
    {
        await _fixture.Store.AdoptTopologyAsync("{}"u8.ToArray(), 1, []);
        await _fixture.Store.SetLongestLeaseAsync(TimeSpan.FromSeconds(7));
        await _fixture.Store.SetShownThroughAsync(3);
        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());

        _fixture.Execute(change);
        await _fixture.Store.SetShownThroughAsync(4); // A write does not hide the damage.

        Assert.Contains("copies", await _fixture.Store.FindFaultOfRecordAsync(), StringComparison.Ordinal);
        await AssertRecordAsync();
        await _fixture.Store.RepairRecordAsync();
        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());
        await AssertRecordAsync();

        async Task AssertRecordAsync()
        {
            var record = await _fixture.Store.ReadRecordAsync();
            Assert.Equal("{}"u8.ToArray(), record.Topology.ToArray());
            Assert.Equal((TimeSpan.FromSeconds(7), 4), (record.LongestLease, record.ShownThrough));
        }
    }

    /// <summary>Its feed is followed from the beginning, as if nothing of it were known.</summary>
    [Fact]
    public async Task FindFaultOfRecordAsync_FeedOfNoRegion_IsFoundAndDropped()
    {
        var feed = new SampleFeed();
        feed.Tag("library/sample", "v1");
        await _fixture.Store.ApplyAsync(feed.Region, feed.Entries);

        _fixture.Execute($"UPDATE feeds SET region = 'E?' WHERE region = '{feed.Region}'");

        Assert.Empty(await _fixture.Store.FindDamagedFeedsAsync());
        Assert.Contains("no region", await _fixture.Store.FindFaultOfRecordAsync(), StringComparison.Ordinal);
        await _fixture.Store.RepairRecordAsync();
        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());
        var outcome = await _fixture.Store.ApplyAsync(feed.Region, feed.Entries);
        Assert.Equal((1, null), (outcome.Cursor.Position, outcome.Faulty));
    }

    /// <summary>One row that cannot be read keeps the whole list from being read: it goes, and the others stay.</summary>
    [Theory]
    [InlineData("UPDATE announcements SET digest = x'01ff' WHERE size = 1", 1, 2)]
    [InlineData("UPDATE announcements SET digest = CAST(x'77' || zeroblob(32) AS BLOB) WHERE size = 1", 1, 2)]
    [InlineData("UPDATE announcements SET ledger = 1000 WHERE size = 1", 1, 2)]
    [InlineData("UPDATE ledgers_set_aside SET source = 'e\u00fc' WHERE name = 'a'", 2, 1)]
    [InlineData("UPDATE ledgers_set_aside SET name = 'A' WHERE name = 'a'", 2, 1)]
    [InlineData("UPDATE ledgers_set_aside SET kind = 77 WHERE name = 'a'", 2, 1)]
    [InlineData("UPDATE ledgers_set_aside SET not_before = 9000000000000000000 WHERE name = 'a'", 2, 1)]
    public async Task FindFaultOfRecordAsync_RowOfAListCannotBeRead_IsFoundAndDropped(string change, int announced, int setAside)
    {
        var (name, feed) = (RepositoryName.Parse("a"), RegionId.Parse("eu"));
        for (var size = 1; size <= 2; size++)
            await _fixture.Store.LinkBlobAsync(name, SampleBlob.Of($"{size}").Digest, size, announce: true);
        foreach (var ledger in new[] { "a", "b" })
            await _fixture.Store.SetAsideAsync(feed, LedgerId.Of(RepositoryName.Parse(ledger)), "gone", DateTimeOffset.UnixEpoch);
        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());

        _fixture.Execute(change);

        Assert.Contains("cannot be read", await _fixture.Store.FindFaultOfRecordAsync(), StringComparison.Ordinal);
        await _fixture.Store.RepairRecordAsync();
        Assert.Null(await _fixture.Store.FindFaultOfRecordAsync());
        Assert.Equal(announced, (await _fixture.Store.ListAnnouncementsAsync(0, 10)).Count);
        Assert.Equal(setAside, (await _fixture.Store.ListSetAsideAsync()).Count);
    }

    [Fact]
    public async Task ReadRecordAsync_BothCopiesDamaged_SaysSo()
    {
        await _fixture.Store.SetShownThroughAsync(3);
        _fixture.Execute("UPDATE region_record SET shown_through = 1000");
        _fixture.Execute("UPDATE region_record_copy SET shown_through = 1000");

        var failure = await Assert.ThrowsAsync<InvalidDataException>(async () => await _fixture.Store.ReadRecordAsync());

        Assert.Contains("region_record_copy", failure.Message, StringComparison.Ordinal);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _fixture.DisposeAsync().AsTask();
}
