using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.PostgreSql.Tests;

/// <summary>A standby that is promoted, with and without all commits, and data that is put back.</summary>
public sealed class PromotionTests : IAsyncLifetime
{
    private PostgreSqlPair _databases = null!;

    public async Task InitializeAsync() => _databases = await PostgreSqlPair.StartAsync();

    public async Task DisposeAsync() => await _databases.DisposeAsync();

    [Fact]
    public async Task AppendAsync_StandbyIsPromoted_WaitsForTheNextIncarnation()
    {
        await _databases.Primary.WaitForStandbyAsync();
        await using var store = await OpenAsync();
        var ledger = new SampleLedger(() => store, "library/sample");
        var before = (await TagAsync(ledger, "1")).Position;
        var broken = new TaskCompletionSource();
        store.Broken += () => broken.TrySetResult();
        Assert.Null(store.Break);

        await _databases.Primary.KillAsync();
        await _databases.Standby.PromoteAsync();
        await broken.Task.OrFail("the promotion is noticed");
        Assert.Contains("was written in timeline 1, and is in 2 now", store.Break, StringComparison.Ordinal);
        var append = TagAsync(ledger, "2");
        var read = store.FindTagAsync(ledger.Repository, Tag.Parse("v1")).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => Task.WhenAny(append, read).WaitAsync(TimeSpan.FromSeconds(1)));
        store.Recover();
        Assert.Equal(SampleBlob.Of("1").Digest, await store.FindTagAsync(ledger.Repository, Tag.Parse("v1")));
        Assert.False(read.IsCompleted);
        var incarnation = await store.BeginIncarnationAsync();
        Assert.False(read.IsCompleted);
        store.Release();
        Assert.NotNull(await read.OrFail("the read")); // Before the append, or after it.

        var after = (await append.OrFail("the append")).Position;
        Assert.Null(store.Break);
        Assert.NotEqual(before.Incarnation, after.Incarnation);
        Assert.Equal(incarnation, after.Incarnation);
    }

    [Fact]
    public async Task OpenAsync_StandbyWasPromoted_SaysSoUntilTheNextIncarnation()
    {
        await using (var store = await OpenAsync()) Assert.Null(store.Break);
        await _databases.CatchUpAsync();
        await _databases.Primary.KillAsync();
        await _databases.Standby.PromoteAsync();

        await using (var store = await OpenAsync())
        {
            Assert.Contains("promoted", store.Break, StringComparison.Ordinal);
            store.Recover();
            await store.BeginIncarnationAsync();
            Assert.Null(store.Break);
        }

        await using var again = await OpenAsync();
        Assert.Null(again.Break);
    }

    [Fact]
    public async Task OpenAsync_CopyInAnotherServer_IsNoticed()
    {
        await using (await OpenAsync())
        {
        }

        await using var other = await PostgreSqlServer.StartAsync(inMemory: true);
        var dump = $"{other.DataFolder}/copy.sql";
        await _databases.Primary.RunProgramAsync(
            "pg_dump", "-h", "127.0.0.1", "-p", $"{_databases.Primary.Port}", "-U", PostgreSqlServer.User, "-f", dump, "postgres");
        await other.RunProgramAsync(
            "psql", "-h", "127.0.0.1", "-p", $"{other.Port}", "-U", PostgreSqlServer.User, "-q", "-d", "postgres", "-f", dump);

        await using var store = await OpenAsync(other.ConnectionString);

        Assert.Contains("is of another database server", store.Break, StringComparison.Ordinal);
    }

    /// <summary>As where the files of an earlier day are put back: the timeline is the same.</summary>
    [Fact]
    public async Task Feed_EndsEarlierThanBefore_IsNoticed()
    {
        await using var store = await OpenAsync(_databases.Primary.ConnectionString);
        var ledger = new SampleLedger(() => store, "library/sample");
        await TagAsync(ledger, "1");
        var last = (await TagAsync(ledger, "2")).Position;
        await store.WaitForFeedAsync(last with { Number = 1 }).OrFail("the listener reads the feed's end");
        var broken = new TaskCompletionSource();
        store.Broken += () => broken.TrySetResult();

        await _databases.Primary.QueryAsync("UPDATE georegistry.feeds SET head = 1");

        await broken.Task.OrFail("it is noticed");
        Assert.Contains("was put back: the region's feed ended at 2, and ends at 1 now", store.Break, StringComparison.Ordinal);
    }

    /// <summary>An administrator ends the wait: the commit is here, and would be lost with this server.</summary>
    [Theory]
    [InlineData("pg_cancel_backend")]
    [InlineData("pg_terminate_backend")]
    public async Task AppendAsync_WaitForTheStandbyIsCutShort_IsAnsweredWhenTheStandbyHasIt(string cut)
    {
        await using var store = await OpenAsync();
        var ledger = new SampleLedger(() => store, "library/sample");
        await TagAsync(ledger, "1");
        await _databases.Primary.WaitForStandbyAsync();
        await _databases.Standby.StopAsync();

        var append = TagAsync(ledger, "2");
        await CutWaitAsync();
        await CutWaitAsync(); // The one that confirms it, too.
        await Assert.ThrowsAsync<TimeoutException>(() => append.WaitAsync(TimeSpan.FromSeconds(1)));
        await _databases.Standby.StartAsync();

        var appended = await append.OrFail("the append");
        Assert.Equal((2, 2), (appended.Head.Number, appended.Position.Number));

        async Task CutWaitAsync()
        {
            const string waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
            await Waiting.UntilAsync("it waits", async () => await _databases.Primary.QueryAsync($"SELECT count(*) {waiting}") == "1");
            Assert.Equal("t", await _databases.Primary.QueryAsync($"SELECT {cut}(pid) {waiting}"));
        }
    }

    private static Task<AppendOutcome.Appended> TagAsync(SampleLedger ledger, string content) =>
        ledger.AppendAsync(new Operation.TagSet(Tag.Parse("v1"), SampleBlob.Of(content).Digest));

    private Task<PostgreSqlMetadataStore> OpenAsync() => OpenAsync(_databases.ConnectionString);

    private static Task<PostgreSqlMetadataStore> OpenAsync(string connectionString) => PostgreSqlMetadataStore.OpenAsync(
        new PostgreSqlOptions { ConnectionString = connectionString, RetryTimeout = TimeSpan.FromMinutes(1) }, SampleLedger.Region);
}
