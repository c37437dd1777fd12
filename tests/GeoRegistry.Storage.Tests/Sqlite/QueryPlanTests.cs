using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.Storage.Tests.Sqlite;

/// <summary>The statements that the store has prepared after it did all it can do are explained: none may scan or sort.</summary>
public sealed class QueryPlanTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly SqliteStoreFixture _fixture = new();

    [Fact]
    public async Task Statements_AllThatTheStoreRuns_AreAnsweredByAnIndex()
    {
        await UseEverythingAsync();
        var statements = PreparedBy(SessionOf(WriterOf(_fixture.Store))).Concat(
            IdleOf(ReadersOf(_fixture.Store)).SelectMany(PreparedBy)).Distinct().ToArray();
        using var database = new SqliteFile(_fixture.DatabasePath);

        var plans = statements.Where(IsQuery)
            .Select(sql => (Sql: sql, Plan: string.Join("; ", database.Texts($"EXPLAIN QUERY PLAN {sql}", "detail"))))
            .ToArray();

        Assert.InRange(plans.Length, 60, 200);
        foreach (var (sql, plan) in plans) output.WriteLine($"{sql}\n    {plan}");
        Assert.DoesNotContain(plans, plan =>
            plan.Plan.Contains("SCAN", StringComparison.Ordinal) || plan.Plan.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    /// <summary>The catalog must not step over the repositories that only have blobs, of which there may be many.</summary>
    [Fact]
    public async Task ListRepositoriesAsync_Statement_UsesTheIndexOfRepositoriesThatExist()
    {
        await _fixture.Store.ListRepositoriesAsync(null, 10);
        using var database = new SqliteFile(_fixture.DatabasePath);
        var catalog = Assert.Single(IdleOf(ReadersOf(_fixture.Store)).SelectMany(PreparedBy).Distinct());

        var plan = string.Join("; ", database.Texts($"EXPLAIN QUERY PLAN {catalog}", "detail"));

        Assert.Contains("INDEX repositories", plan, StringComparison.Ordinal);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _fixture.DisposeAsync().AsTask();

    private static bool IsQuery(string sql) =>
        sql.TrimStart().Split([' ', '\n'], 2)[0].ToUpperInvariant() is "SELECT" or "INSERT" or "UPDATE" or "DELETE";

    private async Task UseEverythingAsync()
    {
        var ledger = new SampleLedger(() => _fixture.Store, "library/sample");
        var store = _fixture.Store;
        var image = SampleManifests.Image("a", SampleBlob.Of("subject").Digest, "application/vnd.example", SampleBlob.Of("layer"));
        await store.LinkBlobAsync(ledger.Repository, SampleBlob.Of("layer").Digest, 5);
        await ledger.PutAsync(image);
        await ledger.TagAsync(image.Digest, "v1");
        await store.FindManifestAsync(ledger.Repository, image.Digest);
        await store.FindTagAsync(ledger.Repository, Tag.Parse("v1"));
        await store.ListTagsOfAsync(ledger.Repository, image.Digest);
        await store.ListTagsAsync(ledger.Repository, null, 10);
        await store.ListReferrersAsync(ledger.Repository, image.Subject!.Value, null, null, 10);
        await store.ListReferrersAsync(ledger.Repository, image.Subject!.Value, "application/vnd.example", null, 10);
        await store.FindReferenceToAsync(ledger.Repository, SampleBlob.Of("layer").Digest);
        await store.ExistsAsync(ledger.Repository);
        await store.ListRepositoriesAsync(null, 10);
        await store.FindBlobAsync(ledger.Repository, SampleBlob.Of("layer").Digest);
        await store.FindBlobAnywhereAsync(SampleBlob.Of("layer").Digest);
        await store.ReadHeadAsync(LedgerId.Of(ledger.Repository));
        await store.ReadFeedAsync(SampleLedger.Region, 0, 10);
        await ledger.AppendAsync(new Operation.TagDeleted(Tag.Parse("v1")), new Operation.ManifestDeleted(image.Digest),
            new Operation.BlobDeleted(SampleBlob.Of("layer").Digest));
        await UseReplicasAsync();
        await UseHydrationAsync();
        await store.CheckReadAsync();
        await store.CheckWriteAsync();
    }

    private async Task UseReplicasAsync()
    {
        var (store, feed, image) = (_fixture.Store, new SampleFeed(), SampleManifests.Image("b", SampleBlob.Of("subject").Digest));
        feed.Add("library/replica", new Operation.ManifestPut(image), new Operation.TagSet(Tag.Parse("v1"), image.Digest),
            new Operation.BlobLinked(image.Digest, 1));
        feed.Tag("library/replica", "v2");
        await store.ApplyAsync(feed.Region, feed.Entries);
        var ledger = feed.Entries[0].Commit!.Ledger;
        var read = await store.CopySnapshotAsync(ledger);
        await store.SkipToAsync(feed.Region, SampleFeed.Cursor(0, default), 1);
        await store.ListHeadsAsync(null, 10);
        await store.FindNumberAsync(ledger, 2);
        await store.PruneFeedAsync(feed.Region, 1, 10);
        await store.ReadFeedExtentAsync(feed.Region);
        await store.FindEntryAsync(feed.Region, 2);
        await store.FindWriteAsync(ledger, WriteId.New());
        await store.QueueMissingAsync(new FeedPosition(feed.Region, SampleFeed.Incarnation, 2), ledger, [Missing("queued")]);
        await store.SetAsideAsync(feed.Region, ledger, "damaged", SampleLedger.At);
        await store.ListSetAsideAsync();
        var (name, announced) = (RepositoryName.Parse(ledger.Name), SampleBlob.Of("announced").Digest);
        var announcement = await store.LinkBlobAsync(name, announced, 1, announce: true);
        await store.ListAnnouncementsAsync(0, 10);
        await store.FindAnnouncementAsync(name, announced);
        await store.ConfirmAnnouncementAsync(announcement!, 1);
        await store.TakeAnnouncementAsync(feed.Region, announcement!);
        await store.IsAnnouncementTakenAsync(feed.Region, announcement!.Id);
        await store.ReadRecordAsync();
        await store.AdoptTopologyAsync(new byte[] { 1 }, 1, [feed.Region]);
        await store.IsTakeOverPendingAsync(feed.Region);
        await store.SetLongestLeaseAsync(TimeSpan.FromSeconds(1));
        await store.SetShownThroughAsync(1);
        await store.ReadFeedAsync(feed.Region, 0, 10);
        await store.ReadCursorAsync(feed.Region);
        await store.InstallSnapshotAsync(RegionId.Parse("ap"), 5, read!, [Missing("installed")]);
        var again = new SampleFeed("other");
        again.Tag("library/replica", "v1");
        await store.ApplyAsync(again.Region, again.Entries);
        await store.RemoveLedgerAsync(ledger);
        await store.BeginIncarnationAsync();
    }

    private async Task UseHydrationAsync()
    {
        var store = _fixture.Store;
        foreach (var name in new[] { "one", "two" })
            await new SampleLedger(() => store, $"library/{name}").AppendAsync(
                [Missing("blob")], new Operation.TagDeleted(Tag.Parse("v1")));
        await store.ReadReadyAsync(SampleLedger.Region, SampleLedger.At, 10);
        await store.ListAsync(dead: true, 10);
        await store.IsCompleteAsync(LedgerId.Of(RepositoryName.Parse("library/one")), RegionId.Parse("ap"), 3);
        await store.SummarizeAsync();
        await store.SummarizeRepositoriesAsync(null, 10);
        await store.SummarizeRepositoriesAsync(RepositoryName.Parse("library/one"), 10);
        await store.DeferAsync(SampleBlob.Of("blob").Digest, "error", null, countAttempt: true);
        await store.RetryAsync(SampleBlob.Of("blob").Digest);
        await store.RetryAsync(null);
        await store.CompleteAsync(SampleBlob.Of("blob").Digest);
        await store.CompleteAsync(SampleBlob.Of("installed").Digest);
    }

    private static MissingBlob Missing(string name) => new(SampleBlob.Of(name).Digest, name.Length, SampleLedger.Region);

    private static IEnumerable<string> PreparedBy(SqliteSession session) => Prepared(session).Keys;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_writer")]
    private static extern ref SqliteWriter WriterOf(SqliteMetadataStore store);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_readers")]
    private static extern ref SqliteReaders ReadersOf(SqliteMetadataStore store);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_session")]
    private static extern ref SqliteSession SessionOf(SqliteWriter writer);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_idle")]
    private static extern ref System.Collections.Concurrent.ConcurrentBag<SqliteSession> IdleOf(SqliteReaders readers);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_prepared")]
    private static extern ref Dictionary<string, SqliteStatement> Prepared(SqliteSession session);
}
