using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class HydrationQueueContract
{
    [Fact]
    public async Task SummarizeAsync_NothingPending_IsEmpty()
    {
        await Ledger().TagAsync(DigestOf("a"), "v1");

        Assert.Empty(await Hydration.SummarizeAsync());
        Assert.Empty(await Hydration.SummarizeRepositoriesAsync(null, 10));
    }

    [Fact]
    public async Task SummarizeAsync_BlobOfSeveralCommits_CountsOnce()
    {
        await AwaitAsync("library/a", "base", "one");
        await AwaitAsync("library/b", "base");

        Assert.Equal([new PendingSummary(SampleLedger.Region, 2, 2, 7, 0, SampleLedger.At)], await Hydration.SummarizeAsync());
        Assert.Equal(
            [new RepositoryPending("library/a", 1, 2, 7, SampleLedger.At), new RepositoryPending("library/b", 1, 1, 4, SampleLedger.At)],
            await Hydration.SummarizeRepositoriesAsync(null, 10));
    }

    [Fact]
    public async Task SummarizeRepositoriesAsync_ManyAndOne_AreTheOldestAndThatOne()
    {
        var feed = new SampleFeed();
        foreach (var name in new[] { "c", "a", "b", "a" })
            feed.Add($"library/{name}", [Missing($"{feed.Entries.Count}")], new Operation.TagDeleted(Tag.Parse("v1")));
        await Replicas.ApplyAsync(feed.Region, feed.Entries);

        Assert.Equal(
            ["library/c", "library/a"],
            (await Hydration.SummarizeRepositoriesAsync(null, 2)).Select(repository => repository.Repository));
        await Hydration.CompleteAsync(DigestOf("1"));
        Assert.Equal(
            ["library/c", "library/b", "library/a"],
            (await Hydration.SummarizeRepositoriesAsync(null, 10)).Select(repository => repository.Repository));
        Assert.Equal(
            [new RepositoryPending("library/a", 1, 1, 1, SampleLedger.At.AddSeconds(3))],
            await Hydration.SummarizeRepositoriesAsync(RepositoryName.Parse("library/a"), 10));
        Assert.Empty(await Hydration.SummarizeRepositoriesAsync(RepositoryName.Parse("library/none"), 10));
    }

    /// <summary>Sums are kept and not counted: after any sequence of changes they must be what counting gives.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Summarize_AfterRandomChanges_IsWhatCountingGives(int seed)
    {
        var (random, blobs, feeds) = (
            new Random(seed),
            Enumerable.Range(0, 8).Select(i => new string('x', i + 1)).ToArray(),
            new[] { new SampleFeed("us"), new SampleFeed("ap") });
        var (waits, dead) = (new List<(RegionId Source, long Position, string Repository, string Blob, DateTimeOffset At)>(),
            new HashSet<string>());
        for (var step = 0; step < 150; step++)
        {
            var blob = blobs[random.Next(blobs.Length)];
            switch (random.Next(6))
            {
                case 0 or 1:
                    var (feed, repository) = (feeds[random.Next(feeds.Length)], $"library/r{random.Next(3)}");
                    var named = blobs.Where(_ => random.Next(3) == 0).ToArray();
                    var id = LedgerId.Of(RepositoryName.Parse(repository));
                    feed.Continue(id, await Ledgers.ReadHeadAsync(id));
                    var entry = feed.Add(repository, [.. named.Select(Missing)], new Operation.TagDeleted(Tag.Parse("v1")));
                    Assert.Null((await Replicas.ApplyAsync(feed.Region, [entry])).Faulty);
                    dead.ExceptWith(named);
                    waits.AddRange(named.Select(name => (feed.Region, entry.Position, repository, name, entry.Commit!.At)));
                    break;
                case 2:
                    await Hydration.CompleteAsync(DigestOf(blob));
                    waits.RemoveAll(wait => wait.Blob == blob);
                    dead.Remove(blob);
                    break;
                case 3:
                    await Hydration.DeferAsync(DigestOf(blob), "seed", null, countAttempt: true);
                    if (waits.Any(wait => wait.Blob == blob)) dead.Add(blob);
                    break;
                case 4:
                    await Hydration.RetryAsync(random.Next(4) == 0 ? null : DigestOf(blob));
                    dead.Clear();
                    dead.UnionWith(
                        (await Hydration.ListAsync(dead: true, 100)).Select(job => blobs.Single(name => DigestOf(name) == job.Digest)));
                    break;
                default:
                    await Hydration.DeferAsync(DigestOf(blob), "seed", Now, countAttempt: true);
                    dead.Remove(blob);
                    break;
            }

            Assert.Equal(
                waits.GroupBy(wait => wait.Source).OrderBy(group => group.Key.ToString(), StringComparer.Ordinal).Select(
                    group => new PendingSummary(
                        group.Key,
                        group.Select(wait => wait.Position).Distinct().Count(),
                        group.Select(wait => wait.Blob).Distinct().Count(),
                        group.Select(wait => wait.Blob).Distinct().Sum(name => name.Length),
                        group.Select(wait => wait.Blob).Distinct().Count(dead.Contains),
                        group.Min(wait => wait.At))),
                await Hydration.SummarizeAsync());
            Assert.Equal(
                waits.GroupBy(wait => wait.Repository).OrderBy(group => group.Key, StringComparer.Ordinal).Select(
                    group => new RepositoryPending(
                        group.Key,
                        group.Select(wait => (wait.Source, wait.Position)).Distinct().Count(),
                        group.Select(wait => wait.Blob).Distinct().Count(),
                        group.Select(wait => wait.Blob).Distinct().Sum(name => name.Length),
                        group.Min(wait => wait.At))),
                (await Hydration.SummarizeRepositoriesAsync(null, 10)).OrderBy(pending => pending.Repository, StringComparer.Ordinal));
        }
    }
}
