using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Resilience;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Tests;

/// <summary>A database that restarts, an answer that is lost, and one that may not be written.</summary>
public sealed class DatabaseAwayTests : IAsyncLifetime
{
    private PostgreSqlServer _server = null!;

    public async Task InitializeAsync() => _server = await PostgreSqlServer.StartAsync(inMemory: true);

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task AppendAsync_AnswerLostAtEachStep_IsAppendedOnce()
    {
        await using var proxy = new CuttingProxy(_server.Port);
        await using var store = await OpenAsync($"{_server.ConnectionString};Port={proxy.Port}");
        var ledger = new SampleLedger(() => store, "library/sample");
        await ledger.TagAsync(SampleBlob.Of("first").Digest, "v1");

        // The listener's polls answer too: several rounds, so that each step of an append is hit.
        for (var step = 0; step < 24; step++)
        {
            var digest = SampleBlob.Of($"{step}").Digest;
            proxy.CutAfterAnswers(step % 4);
            var appended = await ledger.AppendAsync(new Operation.TagSet(Tag.Parse("v1"), digest)).OrFail("the append");

            Assert.Equal((step + 2, step + 2), (appended.Head.Number, appended.Position.Number));
            Assert.Equal(ledger.Head, await store.ReadHeadAsync(ledger.Id));
            Assert.Equal(digest, await store.FindTagAsync(ledger.Repository, Tag.Parse("v1")));
        }

        Assert.InRange(proxy.Cuts, 12, 24);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Writes_DatabaseRestartsMeanwhile_AreAllAnsweredAndKept(bool isKilled)
    {
        await using var store = await OpenAsync(_server.ConnectionString);
        var ending = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            var ledger = new SampleLedger(() => store, $"library/sample-{number}");
            while (!ending.IsCancellationRequested)
            {
                var blob = SampleBlob.Of($"{number} {ledger.Head.Number}");
                await store.LinkBlobAsync(ledger.Repository, blob.Digest, blob.SizeBytes);
                await ledger.TagAsync(blob.Digest, "v1");
                Assert.Equal(blob.Digest, await store.FindTagAsync(ledger.Repository, Tag.Parse("v1")));
            }

            return ledger;
        })).ToArray();
        await UntilAppendedAsync(store, 50);

        await (isKilled ? _server.KillAsync() : _server.StopAsync());
        await _server.StartAsync();

        var head = (await store.ReadFeedExtentAsync(SampleLedger.Region)).Head;
        await UntilAppendedAsync(store, head + 50);
        await ending.CancelAsync();
        foreach (var ledger in await Task.WhenAll(writers).OrFail("the writers"))
            Assert.Equal(ledger.Head, await store.ReadHeadAsync(ledger.Id));
    }

    [Fact]
    public async Task Writes_DatabaseIsReadOnly_AreRefusedInWordsAndReadsGoOnAndItComesBackByItself()
    {
        await using var store = await OpenAsync(_server.ConnectionString);
        var ledger = new SampleLedger(() => store, "library/sample");
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        await SetReadOnlyAsync("on");

        var append = await Assert.ThrowsAsync<StoreFaultException>(() => ledger.TagAsync(SampleBlob.Of("b").Digest, "v1"));
        var check = await Assert.ThrowsAsync<StoreFaultException>(() => store.CheckWriteAsync());

        Assert.Equal((StoreFault.ReadOnly, StoreFault.ReadOnly), (append.Fault, check.Fault));
        Assert.Contains("read-only transaction", append.Message, StringComparison.Ordinal);
        await store.CheckReadAsync();
        Assert.Equal(SampleBlob.Of("a").Digest, await store.FindTagAsync(ledger.Repository, Tag.Parse("v1")));

        await SetReadOnlyAsync("off");
        await ledger.TagAsync(SampleBlob.Of("b").Digest, "v1");
    }

    [Fact]
    public async Task Reads_DatabaseStaysAway_FailOnceTheTimeIsUp()
    {
        await using var store = await OpenAsync(_server.ConnectionString, TimeSpan.FromSeconds(1));
        await _server.StopAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.ReadHeadAsync(LedgerId.Of(RepositoryName.Parse("library/sample"))).AsTask()).OrFail("the failure of the read");
        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.LinkBlobAsync(RepositoryName.Parse("library/sample"), SampleBlob.Of("a").Digest, 1)).OrFail("that of the write");
    }

    /// <summary>A write never finds out whether the database is back, as it may wait for a standby; so something else does.</summary>
    [Fact]
    public async Task Writes_DatabaseWasAwayForLong_AreRefusedAtOnceAndDoneOnceItIsBackThoughNobodyReads()
    {
        await using var store = await OpenAsync(_server.ConnectionString, TimeSpan.FromMilliseconds(100));
        await _server.StopAsync();
        for (var write = 0; write < Circuit.MinCalls; write++)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => LinkAsync().OrFail("the failure of the write"));

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => LinkAsync().OrFail("the refusal"));
        Assert.Contains("failed the last requests", refusal.Message, StringComparison.Ordinal);
        await _server.StartAsync();

        await Waiting.UntilAsync("a write is done", async () =>
        {
            try
            {
                await LinkAsync();
                return true;
            }
            catch (StoreUnavailableException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(10));

        Task LinkAsync() => store.LinkBlobAsync(RepositoryName.Parse("library/sample"), SampleBlob.Of("a").Digest, 1);
    }

    [Fact]
    public async Task ReadSnapshotAsync_ReaderFails_IsNotReadAgain()
    {
        await using var store = await OpenAsync(_server.ConnectionString);
        var ledger = new SampleLedger(() => store, "library/sample");
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        var reads = 0;

        await Assert.ThrowsAsync<IOException>(() => store.ReadSnapshotAsync(ledger.Id, (_, _) =>
        {
            reads++;
            throw new IOException("The one who reads has gone.");
        }));

        Assert.Equal(1, reads);
    }

    private static Task<PostgreSqlMetadataStore> OpenAsync(string connection, TimeSpan? retryTimeout = null) =>
        PostgreSqlMetadataStore.OpenAsync(
            new PostgreSqlOptions { ConnectionString = connection, RetryTimeout = retryTimeout ?? TimeSpan.FromSeconds(30) },
            SampleLedger.Region);

    private static Task UntilAppendedAsync(PostgreSqlMetadataStore store, long number) =>
        store.WaitForFeedAsync(new FeedPosition(SampleLedger.Region, default, number)).OrFail($"the commit after {number}");

    // As when a primary is demoted, or a disk's guard makes it read-only: connections that are open feel it too.
    private async Task SetReadOnlyAsync(string value)
    {
        await using var connection = new NpgsqlConnection($"{_server.ConnectionString};Pooling=false");
        await connection.OpenAsync();
        await using var set = new NpgsqlCommand(
            $"ALTER SYSTEM SET default_transaction_read_only = {value}; SELECT pg_reload_conf()", connection);
        foreach (var statement in (string[])[$"ALTER SYSTEM SET default_transaction_read_only = {value}", "SELECT pg_reload_conf()"])
        {
            set.CommandText = statement;
            await set.ExecuteNonQueryAsync();
        }

        await Waiting.UntilAsync("the setting has reached new transactions", async () =>
        {
            await using var other = new NpgsqlConnection($"{_server.ConnectionString};Pooling=false");
            await other.OpenAsync();
            await using var show = new NpgsqlCommand("SHOW default_transaction_read_only", other);
            return (string?)await show.ExecuteScalarAsync() == value;
        });
    }
}
