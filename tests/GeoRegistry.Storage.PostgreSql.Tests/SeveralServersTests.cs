using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.PostgreSql.Tests;

/// <summary>Several servers of a region on one database.</summary>
[Collection(PostgreSqlTests.Name)]
public sealed class SeveralServersTests(SharedServer server) : IAsyncLifetime
{
    private const int Servers = 3, Writers = 4, CommitsOfAWriter = 40;

    private readonly List<PostgreSqlMetadataStore> _stores = [];

    public async Task InitializeAsync()
    {
        var options = server.NewDatabase();
        for (var i = 0; i < Servers; i++) _stores.Add(await PostgreSqlMetadataStore.OpenAsync(options, SampleLedger.Region));
    }

    public async Task DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
    }

    [Fact]
    public async Task AppendAsync_ServersThatWriteTheSameLedgers_LoseNothingAndPositionsHaveNoGap()
    {
        var tail = Task.Run(() => TailAsync(_stores[0], Servers * Writers * CommitsOfAWriter));
        var writers = _stores.SelectMany((store, number) => Enumerable.Range(0, Writers).Select(writer => Task.Run(
            () => WriteAsync(store, $"library/shared-{writer}", $"{number}-{writer}")))).ToArray();

        var appended = (await Task.WhenAll(writers).OrFail("the last commit")).SelectMany(outcomes => outcomes).ToArray();

        // What followed the feed while it was written saw each commit once, in the order of its ledger.
        var entries = await tail.OrFail("the end of the feed at its follower");
        Assert.Equal(appended.Select(outcome => outcome.Position.Number).Order(), entries.Select(entry => entry.Position));
        foreach (var ledger in entries.GroupBy(entry => entry.Ledger!.Value))
        {
            var head = LedgerHead.Empty;
            foreach (var entry in ledger)
            {
                head = head.After(1, entry.Encoded.Span);
                Assert.Equal(head.Checksum.ToArray(), entry.Checksum.ToArray());
            }

            Assert.Equal(head, await _stores[1].ReadHeadAsync(ledger.Key));
        }
    }

    [Fact]
    public async Task LinkBlobAsync_SameBlobsFromAllServers_AreLinked()
    {
        var blobs = Enumerable.Range(0, 50).Select(i => SampleBlob.Of($"{i}")).ToArray();

        await Task.WhenAll(_stores.SelectMany(store => blobs.Select(
            blob => store.LinkBlobAsync(RepositoryName.Parse("library/sample"), blob.Digest, blob.SizeBytes)))).OrFail("the last link");

        foreach (var blob in blobs)
            Assert.Equal(blob.SizeBytes, await _stores[0].FindBlobAsync(RepositoryName.Parse("library/sample"), blob.Digest));
    }

    [Fact]
    public async Task WaitForFeedAsync_AppendOnAnotherServer_IsWokenAndDoesNotWaitForThePoll()
    {
        const int Commits = 20;
        var ledger = new SampleLedger(() => _stores[0], "library/sample");
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Commits; i++)
        {
            var woken = _stores[1].WaitForFeedAsync(new FeedPosition(SampleLedger.Region, default, i));
            Assert.False(woken.IsCompleted);

            await ledger.TagAsync(SampleBlob.Of($"{i}").Digest, "v1");

            await woken.OrFail("the wakeup of the other server");
        }

        // By polling each would take half a second.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(Commits * 0.25));
    }

    private static async Task<IReadOnlyList<AppendOutcome.Appended>> WriteAsync(ILedgerStore store, string repository, string name)
    {
        var (ledger, outcomes) = (new SampleLedger(() => store, repository), new List<AppendOutcome.Appended>());
        while (outcomes.Count < CommitsOfAWriter)
        {
            var commit = ledger.After(
                ledger.Head, new Operation.TagSet(Tag.Parse(name), SampleBlob.Of($"{name} {outcomes.Count}").Digest));
            switch (await store.AppendAsync(ledger.Head, commit))
            {
                case AppendOutcome.Appended appended:
                    outcomes.Add(appended);
                    ledger.Head = appended.Head;
                    break;
                case AppendOutcome.HeadMoved moved:
                    ledger.Head = moved.Head;
                    break;
            }
        }

        return outcomes;
    }

    private static async Task<IReadOnlyList<FeedEntry>> TailAsync(ILedgerStore store, int count)
    {
        var entries = new List<FeedEntry>(count);
        while (entries.Count < count)
        {
            var after = new FeedPosition(SampleLedger.Region, default, entries.Count);
            await store.WaitForFeedAsync(after);
            var page = await store.ReadFeedAsync(after, 100);
            Assert.All(page, entry => Assert.NotNull(entry.Ledger)); // An empty place would be a commit that became visible late.
            entries.AddRange(page);
        }

        return entries;
    }
}
