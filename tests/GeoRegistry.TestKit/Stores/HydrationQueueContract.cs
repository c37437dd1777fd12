using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

/// <summary>What <see cref="IHydrationQueue"/> promises; every store's tests derive from it.</summary>
public abstract partial class HydrationQueueContract : MetadataStoreContract
{
    private static readonly RegionId Us = RegionId.Parse("us");

    private static readonly DateTimeOffset Now = SampleLedger.At.AddHours(1);

    [Fact]
    public async Task ReadReadyAsync_NothingQueued_IsEmpty() => Assert.Empty(await Hydration.ReadReadyAsync(Us, Now, 10));

    [Fact]
    public async Task ReadReadyAsync_BlobsOfAnAppend_AreThereAfterAReopen()
    {
        var appended = await AwaitAsync("library/a", "x");

        await Fixture.ReopenAsync();

        var job = Assert.Single(await Hydration.ReadReadyAsync(Us, Now, 10));
        Assert.Equal((DigestOf("x"), 1L, Us, 0, null, SampleLedger.At, "library/a"),
            (job.Digest, job.SizeBytes, job.From, job.Attempts, job.Error, job.Since, job.Repository));
        Assert.True(job.NotBefore <= Now);
        Assert.False(await IsCompleteAsync("library/a", SampleLedger.Region, appended.Position.Number));
    }

    [Fact]
    public async Task AppendAsync_HeadMoved_QueuesNothing()
    {
        var ledger = Ledger();
        await ledger.TagAsync(DigestOf("a"), "v1");

        await Ledgers.AppendAsync(
            LedgerHead.Empty, ledger.After(LedgerHead.Empty, new Operation.TagDeleted(Tag.Parse("v1"))), [Missing("x")]);

        Assert.Empty(await Hydration.ListAsync(dead: false, 10));
        Assert.Empty(await Hydration.SummarizeAsync());
    }

    [Fact]
    public async Task ReadReadyAsync_Blobs_AreTheNewestOfTheRegionToAsk()
    {
        await AwaitAsync("library/a", "1", "2");
        await Ledger("library/b").AppendAsync(
            [new MissingBlob(DigestOf("elsewhere"), 1, RegionId.Parse("ap"))], new Operation.TagDeleted(Tag.Parse("v1")));
        await AwaitAsync("library/c", "3");
        await AwaitAsync("library/d", "1");

        Assert.Equal(["3", "2", "1"], await ReadyAsync(10));
        Assert.Equal(["3", "2"], await ReadyAsync(2));
        Assert.Equal(DigestOf("elsewhere"), Assert.Single(await Hydration.ReadReadyAsync(RegionId.Parse("ap"), Now, 10)).Digest);
    }

    [Fact]
    public async Task CompleteAsync_CommitsOfOneBlob_AreReturnedWithTheirLastBlob()
    {
        var first = await AwaitAsync("library/a", "1", "2");
        var second = await AwaitAsync("library/b", "2");
        Assert.Equal(2, (await Hydration.ListAsync(dead: false, 10)).Count);

        Assert.Equal(
            [new PendingCommit(second.Position, SampleLedger.At)],
            await Hydration.CompleteAsync(DigestOf("2")));
        Assert.False(await IsCompleteAsync("library/a", SampleLedger.Region, first.Position.Number));
        Assert.True(await IsCompleteAsync("library/b", SampleLedger.Region, second.Position.Number));
        var ledger = LedgerId.Of(RepositoryName.Parse("library/b"));
        var lost = second.Position with { Incarnation = SampleFeed.Incarnation };
        Assert.True(await Hydration.IsCompleteAsync(ledger, second.Position));
        Assert.False(await Hydration.IsCompleteAsync(ledger, lost));
        await Fixture.ReopenAsync();
        Assert.Equal(
            [new PendingCommit(first.Position, SampleLedger.At)],
            await Hydration.CompleteAsync(DigestOf("1")));

        Assert.True(await IsCompleteAsync("library/a", SampleLedger.Region, first.Position.Number));
        Assert.Empty(await Hydration.CompleteAsync(DigestOf("1")));
        Assert.Empty(await Hydration.ListAsync(dead: false, 10));
    }

    [Fact]
    public async Task CompleteAsync_BlobOfManyCommits_ReturnsThemAll()
    {
        for (var i = 0; i < 3; i++) await AwaitAsync($"library/r{i}", "base");

        Assert.Equal([1L, 2, 3], (await Hydration.CompleteAsync(DigestOf("base"))).Select(commit => commit.Position.Number));
    }

    [Fact]
    public async Task DeferAsync_UntilATime_IsReadyFromThenOn()
    {
        await AwaitAsync("library/a", "1", "2");

        await Hydration.DeferAsync(DigestOf("2"), "the region did not answer", Now.AddSeconds(10), countAttempt: true);

        Assert.Equal(["1"], await ReadyAsync(10));
        Assert.Equal(["1"], await ReadyAsync(10, Now.AddSeconds(9)));
        Assert.Equal(["1", "2"], await ReadyAsync(10, Now.AddSeconds(10)));
        Assert.Equal(["1", "2"], await ReadyAsync(1, Now.AddSeconds(10)));
        var job = (await Hydration.ListAsync(dead: false, 10)).Single(job => job.Digest == DigestOf("2"));
        Assert.Equal((1, "the region did not answer", Now.AddSeconds(10)), (job.Attempts, job.Error, job.NotBefore));
    }

    [Fact]
    public async Task ReadReadyAsync_MoreAreDueThanTheLimit_AreThoseDueTheLongest()
    {
        await AwaitAsync("library/a", "1", "2", "3");
        foreach (var (name, seconds) in new[] { ("1", 1), ("2", 3), ("3", 2) })
            await Hydration.DeferAsync(DigestOf(name), "no answer", Now.AddSeconds(seconds), countAttempt: true);

        Assert.Equal(["1", "3"], await ReadyAsync(2, Now.AddSeconds(10)));
        Assert.Equal(["1", "3", "2"], await ReadyAsync(3, Now.AddSeconds(10)));
    }

    [Fact]
    public async Task DeferAsync_NotAnAttempt_IsNotCounted()
    {
        await AwaitAsync("library/a", "1");
        await Hydration.DeferAsync(DigestOf("1"), "first", Now, countAttempt: true);

        await Hydration.DeferAsync(DigestOf("1"), "second", Now, countAttempt: false);
        await Hydration.DeferAsync(DigestOf("not queued"), "third", Now, countAttempt: true);

        var job = Assert.Single(await Hydration.ListAsync(dead: false, 10));
        Assert.Equal((1, "second"), (job.Attempts, job.Error));
    }

    [Fact]
    public async Task DeferAsync_WithoutATime_IsADeadLetterUntilItIsRetried()
    {
        await AwaitAsync("library/a", "1", "2", "3");
        foreach (var name in new[] { "1", "2" }) await Hydration.DeferAsync(DigestOf(name), "nobody has it", null, countAttempt: true);

        await Fixture.ReopenAsync();
        Assert.Equal(["3"], await ReadyAsync(10, DateTimeOffset.MaxValue));
        Assert.Equal(["1", "2"], (await Hydration.ListAsync(dead: true, 10)).Select(NameOf));
        Assert.Equal(["3"], (await Hydration.ListAsync(dead: false, 10)).Select(NameOf));
        Assert.Equal(2, Assert.Single(await Hydration.SummarizeAsync()).DeadLetters);
        Assert.Equal(1, await Hydration.RetryAsync(DigestOf("2")));
        Assert.Equal(1, Assert.Single(await Hydration.SummarizeAsync()).DeadLetters);
        Assert.Equal(["3", "2"], await ReadyAsync(10));
        Assert.Equal(1, await Hydration.RetryAsync(null));

        Assert.Equal(0, await Hydration.RetryAsync(null));
        Assert.Equal(0, await Hydration.RetryAsync(DigestOf("not queued")));
        Assert.Equal(0, Assert.Single(await Hydration.SummarizeAsync()).DeadLetters);
        Assert.All(await Hydration.ReadReadyAsync(Us, Now, 10), job => Assert.Equal((0, null), (job.Attempts, job.Error)));
        Assert.Equal(3, (await ReadyAsync(10)).Count());
    }

    [Fact]
    public async Task RetryAsync_OfAll_LetsDeadLettersAndWhatWasDeferredBeTriedNow()
    {
        await AwaitAsync("library/a", "1", "2", "3");
        await Ledger("library/b").AppendAsync(
            [new MissingBlob(DigestOf("elsewhere"), 1, RegionId.Parse("ap"))], new Operation.TagDeleted(Tag.Parse("v1")));
        await Hydration.DeferAsync(DigestOf("1"), "nobody has it", null, countAttempt: true);
        await Hydration.DeferAsync(DigestOf("2"), "no answer", Now.AddMinutes(5), countAttempt: true);
        await Hydration.DeferAsync(DigestOf("elsewhere"), "no answer", Now.AddMinutes(5), countAttempt: false);

        Assert.Equal(3, await Hydration.RetryAsync(null));

        Assert.Equal(["3", "2", "1"], await ReadyAsync(10));
        Assert.Equal(DigestOf("elsewhere"), Assert.Single(await Hydration.ReadReadyAsync(RegionId.Parse("ap"), Now, 10)).Digest);
        Assert.All(await Hydration.ListAsync(dead: false, 10), job => Assert.Equal((0, null), (job.Attempts, job.Error)));
        Assert.Equal(0, await Hydration.RetryAsync(null));
    }

    /// <summary>More than a store changes in one transaction.</summary>
    [Fact]
    public async Task RetryAsync_OfManyBlobs_IsOfAll()
    {
        const int Count = 1200;
        await AwaitAsync("library/a", [.. Enumerable.Range(0, Count).Select(i => $"blob {i}")]);
        for (var i = 0; i < Count; i++) await Hydration.DeferAsync(
            DigestOf($"blob {i}"), "failed", i % 2 == 0 ? null : Now.AddMinutes(5), countAttempt: true);

        Assert.Equal(Count, await Hydration.RetryAsync(null));

        Assert.Equal(Count, (await Hydration.ReadReadyAsync(Us, Now, Count + 1)).Count);
        Assert.Equal(0, Assert.Single(await Hydration.SummarizeAsync()).DeadLetters);
    }

    /// <summary>Whoever pushed what names it now has it.</summary>
    [Fact]
    public async Task AppendAsync_NamesADeadLetter_LetsItBeTriedAgain()
    {
        await AwaitAsync("library/a", "1", "2");
        foreach (var name in new[] { "1", "2" }) await Hydration.DeferAsync(DigestOf(name), "nobody has it", null, countAttempt: true);

        await AwaitAsync("library/b", "1");

        Assert.Equal(["1"], await ReadyAsync(10));
        Assert.Equal(["2"], (await Hydration.ListAsync(dead: true, 10)).Select(NameOf));
        Assert.Equal([new PendingSummary(SampleLedger.Region, 2, 2, 2, 1, SampleLedger.At)], await Hydration.SummarizeAsync());
        var job = Assert.Single(await Hydration.ReadReadyAsync(Us, Now, 10));
        Assert.Equal((0, null), (job.Attempts, job.Error));
    }

    [Fact]
    public async Task CompleteAsync_DeadLetter_IsGone()
    {
        await AwaitAsync("library/a", "1");
        await Hydration.DeferAsync(DigestOf("1"), "nobody has it", null, countAttempt: true);

        Assert.Single(await Hydration.CompleteAsync(DigestOf("1")));

        Assert.Empty(await Hydration.ListAsync(dead: true, 10));
        Assert.Empty(await Hydration.SummarizeAsync());
    }

    [Fact]
    public async Task DropUnlinkedAsync_BlobThatOneOfTwoRepositoriesHas_StaysUntilThatDeletesIt()
    {
        var (a, b) = (Ledger("library/a"), Ledger("library/b"));
        var first = await a.AppendAsync([Missing("1"), Missing("2")], Linked("1"), Linked("2"));
        await b.AppendAsync([Missing("1")], Linked("1"));

        await a.AppendAsync(new Operation.BlobDeleted(DigestOf("1")));
        Assert.False(await Hydration.DropUnlinkedAsync(DigestOf("1")));
        Assert.True(await Hydration.IsAwaitedAsync(DigestOf("1")));
        await b.AppendAsync(new Operation.BlobDeleted(DigestOf("1")));
        Assert.True(await Hydration.DropUnlinkedAsync(DigestOf("1")));

        Assert.False(await Hydration.IsAwaitedAsync(DigestOf("1")));
        Assert.False(await Hydration.DropUnlinkedAsync(DigestOf("1")));
        Assert.False(await Hydration.DropUnlinkedAsync(DigestOf("2")));
        Assert.Equal(["2"], await ReadyAsync(10));
        Assert.Equal([new PendingSummary(SampleLedger.Region, 1, 1, 1, 0, SampleLedger.At)], await Hydration.SummarizeAsync());
        await Hydration.CompleteAsync(DigestOf("2"));
        Assert.True(await IsCompleteAsync("library/a", SampleLedger.Region, first.Position.Number));
    }

    [Fact]
    public async Task IsAwaitedAsync_DeadLetter_IsAwaited()
    {
        await AwaitAsync("library/a", "1");
        Assert.False(await Hydration.IsAwaitedAsync(DigestOf("2")));

        await Hydration.DeferAsync(DigestOf("1"), "nobody has it", null, countAttempt: true);

        Assert.True(await Hydration.IsAwaitedAsync(DigestOf("1")));
    }

    [Fact]
    public async Task IsCompleteAsync_PositionThatSnapshotsInclude_AwaitsAllThatCameWithThem()
    {
        var (early, late) = (Ledger("library/early"), Ledger("library/late"));
        await Replicas.InstallSnapshotAsync(Us, 10, Snapshot(early), [Missing("1")]);
        await Replicas.InstallSnapshotAsync(Us, 10, Snapshot(late), [Missing("2")]);
        await Replicas.SkipToAsync(Us, SampleFeed.Cursor(12, default), 1);

        Assert.False(await IsCompleteAsync("library/early", Us, 3));
        Assert.False(await IsCompleteAsync("library/late", Us, 12));
        Assert.True(await IsCompleteAsync("library/late", Us, 13));
        Assert.Empty(await Hydration.CompleteAsync(DigestOf("1")));
        Assert.True(await IsCompleteAsync("library/early", Us, 3));
        Assert.False(await IsCompleteAsync("library/late", Us, 3));

        var completed = Assert.Single(await Hydration.CompleteAsync(DigestOf("2")));
        Assert.Equal((Us, 10L), (completed.Position.Region, completed.Position.Number));
        Assert.True(await IsCompleteAsync("library/late", Us, 3));
        Assert.True(await IsCompleteAsync("library/late", Us, 12));
    }

    private ValueTask<bool> IsCompleteAsync(string repository, RegionId source, long position) =>
        Hydration.IsCompleteAsync(LedgerId.Of(RepositoryName.Parse(repository)), source, position);

    private async Task<AppendOutcome.Appended> AwaitAsync(string repository, params string[] blobs)
    {
        var ledger = Ledger(repository);
        ledger.Head = await Ledgers.ReadHeadAsync(ledger.Id);
        return await ledger.AppendAsync([.. blobs.Select(Missing)], new Operation.TagDeleted(Tag.Parse("v1")));
    }

    private async Task<IEnumerable<string>> ReadyAsync(int limit, DateTimeOffset? now = null) =>
        (await Hydration.ReadReadyAsync(Us, now ?? Now, limit)).Select(NameOf);

    private static LedgerSnapshot Snapshot(SampleLedger ledger) =>
        SampleStores.SnapshotOf(ledger.Id, LedgerHead.Empty.After(1, "a commit"u8));

    private static Digest DigestOf(string name) => SampleBlob.Of(name).Digest;

    private static Operation.BlobLinked Linked(string name) => new(DigestOf(name), name.Length);

    private static MissingBlob Missing(string name) => new(DigestOf(name), name.Length, Us);

    private static string NameOf(HydrationJob job) =>
        Enumerable.Range(1, 3).Select(i => $"{i}").Single(name => DigestOf(name) == job.Digest);
}
