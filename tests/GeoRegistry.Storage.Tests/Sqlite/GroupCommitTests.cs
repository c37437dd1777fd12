using System.Buffers.Binary;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage.Tests.Sqlite;

public sealed class GroupCommitTests : IAsyncLifetime
{
    private readonly SqliteStoreFixture _fixture = new();

    /// <summary>
    /// The appends wait behind another writer until all are there; the transactions that then carry them are counted in
    /// the write-ahead log.
    /// </summary>
    [Fact]
    public async Task AppendAsync_ManyWait_ShareTransactions()
    {
        const int Appends = 200;
        var before = CountCommits();
        Task<AppendOutcome.Appended>[] appends;
        await using (await _fixture.HoldWritesAsync())
            appends = [.. Enumerable.Range(0, Appends).Select(i => Ledger($"r{i}").AppendAsync(Set("v1")))];

        var outcomes = await Task.WhenAll(appends).OrFail("the last append");

        Assert.Equal(Enumerable.Range(1, Appends).Select(i => (long)i), outcomes.Select(outcome => outcome.Position.Number).Order());
        Assert.InRange(CountCommits() - before, 1, 10);
    }

    [Fact]
    public async Task AppendAsync_OneOfABatchFails_TheOthersAreCommitted()
    {
        _fixture.Execute(
            "CREATE TRIGGER poison BEFORE INSERT ON tags WHEN new.name = 'poison' BEGIN SELECT RAISE(ABORT, 'poisoned'); END");
        var (before, poisoned, after) = (Ledger("before"), Ledger("poisoned"), Ledger("after"));
        Task<AppendOutcome.Appended> first, second, third;
        await using (await _fixture.HoldWritesAsync())
        {
            first = before.AppendAsync(Set("v1"));
            second = poisoned.AppendAsync(new Operation.ManifestPut(SampleManifests.Image("a")), Set("good"), Set("poison"));
            third = after.AppendAsync(Set("v1"));
        }

        await first.OrFail("the append before the fault");
        await third.OrFail("the append after the fault");
        var fault = await Assert.ThrowsAsync<SqliteException>(() => second.OrFail("the fault"));

        Assert.Contains("poisoned", fault.Message, StringComparison.Ordinal);
        Assert.False(await _fixture.Store.ExistsAsync(poisoned.Repository));
        Assert.Empty(await _fixture.Store.ListTagsAsync(poisoned.Repository, null, 10));
        Assert.Null(await _fixture.Store.FindManifestAsync(poisoned.Repository, SampleManifests.Image("a").Digest));
        Assert.Equal([1L, 2], (await _fixture.Store.ReadFeedAsync(SampleLedger.Region, 0, 10)).Select(entry => entry.Position));
        Assert.Equal(3, (await poisoned.AppendAsync(Set("good"))).Position.Number);
    }

    [Fact]
    public async Task ApplyAsync_OneEntryFails_NothingOfTheCallIsKept()
    {
        _fixture.Execute(
            "CREATE TRIGGER poison BEFORE INSERT ON tags WHEN new.name = 'poison' BEGIN SELECT RAISE(ABORT, 'poisoned'); END");
        var feed = new SampleFeed();
        feed.Add("good", [new MissingBlob(SampleBlob.Of("a").Digest, 1, feed.Region)], Set("v1"));
        feed.Add("poisoned", Set("poison"));

        await Assert.ThrowsAsync<SqliteException>(() => _fixture.Store.ApplyAsync(feed.Region, feed.Entries).OrFail("the fault"));

        Assert.Equal(0, (await _fixture.Store.ReadCursorAsync(feed.Region)).Position);
        Assert.False(await _fixture.Store.ExistsAsync(RepositoryName.Parse("good")));
        Assert.Empty(await _fixture.Store.SummarizeAsync());
        _fixture.Execute("DROP TRIGGER poison");
        Assert.Equal(2, (await _fixture.Store.ApplyAsync(feed.Region, feed.Entries)).Cursor.Position);
    }

    [Fact]
    public async Task AppendAsync_TwoOnOneHeadInOneBatch_TheSecondFindsTheHeadMoved()
    {
        var ledger = Ledger("r");
        Task<AppendOutcome> first, second;
        await using (await _fixture.HoldWritesAsync())
        {
            first = _fixture.Store.AppendAsync(ledger.Head, ledger.After(ledger.Head, Set("one")));
            second = _fixture.Store.AppendAsync(ledger.Head, ledger.After(ledger.Head, Set("two")));
        }

        var appended = Assert.IsType<AppendOutcome.Appended>(await first.OrFail("the first append"));
        Assert.Equal(new AppendOutcome.HeadMoved(appended.Head), await second.OrFail("the second append"));
    }

    [Fact]
    public async Task DisposeAsync_AppendsWait_AreCarriedThrough()
    {
        Task<AppendOutcome.Appended> append;
        ValueTask closing;
        await using (await _fixture.HoldWritesAsync())
        {
            append = Ledger("r").AppendAsync(Set("v1"));
            closing = _fixture.Store.DisposeAsync();
        }

        await closing.AsTask().OrFail("the store's end");

        Assert.Equal(1, (await append.OrFail("the append that waited")).Position.Number);
        await _fixture.ReopenAsync();
        Assert.NotNull(await _fixture.Store.FindTagAsync(RepositoryName.Parse("r"), Tag.Parse("v1")));
    }

    [Fact]
    public async Task CheckWriteAsync_StoreWorks_Returns() => await _fixture.Store.CheckWriteAsync().OrFail("the check");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _fixture.DisposeAsync().AsTask();

    private SampleLedger Ledger(string name) => new(() => _fixture.Store, name);

    private static Operation.TagSet Set(string tag) => new(Tag.Parse(tag), SampleBlob.Of("a").Digest);

    /// <summary>Counts the frames of the write-ahead log that end a transaction. Source: SQLite, "WAL File Format".</summary>
    private int CountCommits()
    {
        const int HeaderBytes = 32, FrameHeaderBytes = 24, PageSizeAt = 8, DatabaseSizeAt = 4;
        using var log = new FileStream($"{_fixture.DatabasePath}-wal", FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[log.Length];
        log.ReadExactly(bytes);
        var frameBytes = FrameHeaderBytes + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(PageSizeAt));
        var commits = 0;
        for (var frame = HeaderBytes; frame + frameBytes <= bytes.Length; frame += frameBytes)
        {
            if (BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(frame + DatabaseSizeAt)) != 0) commits++;
        }

        return commits;
    }
}
