using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit.Stores;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace GeoRegistry.Storage.Tests.Sqlite;

/// <summary>
/// Writes of the store that fail at each row which they change: nothing of them is kept, and the same write succeeds after.
/// </summary>
public sealed class TransactionFaultTests(ITestOutputHelper output)
{
    /// <summary>More than any write here changes.</summary>
    private const int MaxRows = 200;

    private const string Repository = "library/sample", Other = "library/other";

    private static readonly RepositoryName Name = RepositoryName.Parse(Repository);
    private static readonly LedgerId Id = LedgerId.Of(Name);
    private static readonly SampleBlob Layer = SampleBlob.Of("layer"), Uploaded = SampleBlob.Of("uploaded");
    private static readonly Protocol.Manifests.Manifest Image = SampleManifests.Image("b", SampleBlob.Of("subject").Digest, null, Layer);
    private static readonly IReadOnlyList<MissingBlob> Missing = [.. new[] { Layer, SampleManifests.ConfigOf("b") }.Select(MissingOf)];

    /// <summary>What each write finds is what <see cref="FillAsync"/> has left.</summary>
    private static readonly Dictionary<string, Func<SqliteStoreFixture, Written, Task>> Writes = new()
    {
        [nameof(ILedgerStore.AppendAsync)] = (fixture, written) => fixture.Store.AppendAsync(
            written.Own.Head,
            written.Own.After(written.Own.Head, new Operation.ManifestPut(Image), new Operation.TagSet(Tag.Parse("v1"), Image.Digest)),
            Missing),
        [nameof(IReplicaStore.ApplyAsync)] = (fixture, written) => fixture.Store.ApplyAsync(written.Feed.Region, written.Feed.Entries),
        [nameof(IReplicaStore.InstallSnapshotAsync)] = (fixture, written) => fixture.Store.InstallSnapshotAsync(
            written.Feed.Region,
            9,
            SampleStores.SnapshotOf(
                Id,
                written.Feed.HeadOf(Id),
                new SnapshotEntry.OfManifest(Image),
                new SnapshotEntry.OfTag(Tag.Parse("v9"), Image.Digest)),
            Missing),
        [nameof(IReplicaStore.RemoveLedgerAsync)] = (fixture, _) => fixture.Store.RemoveLedgerAsync(Id),
        [nameof(IReplicaStore.QueueMissingAsync)] = (fixture, written) =>
            fixture.Store.QueueMissingAsync(new FeedPosition(written.Feed.Region, SampleFeed.Incarnation, 7), Id, Missing),
        [nameof(IReplicaStore.SkipToAsync)] = (fixture, written) =>
            fixture.Store.SkipToAsync(written.Feed.Region, new FeedCursor(Incarnation.New(), 3, new byte[32]), 1),
        [nameof(IReplicaStore.SetAsideAsync)] = (fixture, written) =>
            fixture.Store.SetAsideAsync(written.Feed.Region, Id, "on purpose", SampleLedger.At),
        [nameof(IHydrationQueue.CompleteAsync)] = (fixture, _) => fixture.Store.CompleteAsync(SampleBlob.Of("awaited").Digest),
        [nameof(IHydrationQueue.DeferAsync)] = (fixture, _) =>
            fixture.Store.DeferAsync(SampleBlob.Of("awaited").Digest, "on purpose", null, countAttempt: true),
        [nameof(IRepositoryTables.LinkBlobAsync)] = (fixture, _) =>
            fixture.Store.LinkBlobAsync(Name, Layer.Digest, Layer.SizeBytes, announce: true),
        [nameof(IAnnouncements.ConfirmAnnouncementAsync)] = (fixture, written) =>
            fixture.Store.ConfirmAnnouncementAsync(written.Announcement!, 1),
        [nameof(IAnnouncements.TakeAnnouncementAsync)] = (fixture, written) => fixture.Store.TakeAnnouncementAsync(
            written.Feed.Region, new BlobAnnouncement(Name, Layer.Digest, Layer.SizeBytes, 9, 9)),
        [nameof(IRegionRecord.AdoptTopologyAsync)] = (fixture, written) =>
            fixture.Store.AdoptTopologyAsync("{}"u8.ToArray(), 1, [written.Feed.Region, RegionId.Parse("ap")]),
        [nameof(IRegionRecord.SetLongestLeaseAsync)] = (fixture, _) => fixture.Store.SetLongestLeaseAsync(TimeSpan.FromSeconds(7)),
        [nameof(IRegionRecord.SetShownThroughAsync)] = (fixture, _) => fixture.Store.SetShownThroughAsync(7),
        [nameof(ILedgerStore.BeginIncarnationAsync)] = (fixture, _) => fixture.Store.BeginIncarnationAsync(),
        [nameof(ILedgerStore.PruneFeedAsync)] = (fixture, written) => fixture.Store.PruneFeedAsync(written.Feed.Region, 0, 100),
    };

    public static TheoryData<string> AllWrites => [.. Writes.Keys];

    [Theory]
    [MemberData(nameof(AllWrites))]
    public async Task Write_FailsAtEachRow_LeavesNothingAndSucceedsAfter(string name)
    {
        await using var fixture = new SqliteStoreFixture();
        var written = await FillAsync(fixture);
        var faults = new RowFaults(fixture);
        var before = faults.Rows();
        var row = 1;
        for (; await FailsAsync(row); row++)
        {
            Assert.True(row < MaxRows, $"{name} changes more rows than it should.");
            Assert.Equal(before, faults.Rows());
        }

        faults.FailAt(0);
        output.WriteLine($"{row - 1} steps: the rows that {name} changes");
        Assert.True(row > 1, $"{name} changed no row.");
        Assert.NotEqual(before, faults.Rows());
        var after = faults.Rows();
        await fixture.ReopenAsync();
        Assert.Equal(after, faults.Rows());
        Assert.All(await fixture.Store.VerifyAllAsync(), scan => Assert.Null(scan.Fault));

        async Task<bool> FailsAsync(int at)
        {
            faults.FailAt(at);
            try
            {
                await Writes[name](fixture, written);
                return false;
            }
            catch (SqliteException e)
            {
                Assert.Contains("failed on purpose", e.Message, StringComparison.Ordinal);
                return true;
            }
        }
    }

    // A ledger of this region's own; another region's feed, whose first two commits are applied, one of them waiting for a blob; and an
    // upload that was not announced yet.
    private static async Task<Written> FillAsync(SqliteStoreFixture fixture)
    {
        var written = new Written(new SampleLedger(() => fixture.Store, Other), new SampleFeed());
        await written.Own.PutAsync(SampleManifests.Image("a"));
        await written.Own.TagAsync(SampleManifests.Image("a").Digest, "v1");
        written.Feed.Add(
            Repository,
            new Operation.ManifestPut(SampleManifests.Image("a")),
            new Operation.TagSet(Tag.Parse("v1"), SampleManifests.Image("a").Digest));
        var awaited = SampleBlob.Of("awaited");
        written.Feed.Add(Repository, [MissingOf(awaited)], new Operation.BlobLinked(awaited.Digest, awaited.SizeBytes));
        await fixture.Store.ApplyAsync(written.Feed.Region, written.Feed.Entries);
        written.Announcement = await fixture.Store.LinkBlobAsync(Name, Uploaded.Digest, Uploaded.SizeBytes, announce: true);
        written.Feed.Add(Repository, Missing, new Operation.ManifestPut(Image), new Operation.TagSet(Tag.Parse("v1"), Image.Digest));
        written.Feed.Add(Repository, new Operation.ManifestDeleted(SampleManifests.Image("a").Digest));
        written.Feed.Tag("library/third", "v1");
        return written;
    }

    private static MissingBlob MissingOf(SampleBlob blob) => new(blob.Digest, blob.SizeBytes, RegionId.Parse("us"));

    private sealed record Written(SampleLedger Own, SampleFeed Feed)
    {
        public BlobAnnouncement? Announcement { get; set; }
    }
}
