using GeoRegistry.Ledgers;
using GeoRegistry.TestKit;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.TestKit.Stores;
using GeoRegistry.Protocol;
using Xunit.Abstractions;

namespace GeoRegistry.Storage.Tests.Scale;

/// <summary>
/// No operation becomes slower because a repository or the registry is large (<c>IRepositoryTables</c>): with a million tags and a
/// million blobs (ten million with GEOREGISTRY_LONG_TESTS=1), and a million more that are queued, each takes about as long as in an
/// empty registry, measured side by side.
/// </summary>
[Trait("Run", "alone")]
public sealed class ScaleTests(ITestOutputHelper output)
{
    private const int Rounds = 41, WarmUp = 5, Page = 100;
    private const double MaxRatio = 5;
    private const long Tags = 1_000_000, Queued = 1_000_000;

    private static readonly long Blobs = LongTests.AreOn ? 10_000_000 : 1_000_000;

    private static readonly Comparison[] Operations =
    [
        new("find tag", async (registry, round) =>
            await registry.Store.FindTagAsync(BigRegistry.Repository, registry.TagAt(round * 1009))),
        new("find tag that is missing", async (registry, round) =>
            await registry.Store.FindTagAsync(BigRegistry.Repository, Tag.Parse($"tag-{round:d6}x"))),
        new("list tags from the start", async (registry, _) => await registry.Store.ListTagsAsync(BigRegistry.Repository, null, Page)),
        new("list tags from the middle", async (registry, round) =>
            await registry.Store.ListTagsAsync(BigRegistry.Repository, registry.TagAt((registry.Tags / 2) + round).ToString(), Page)),
        new("find manifest", async (registry, _) =>
            await registry.Store.FindManifestAsync(BigRegistry.Repository, BigRegistry.Image.Digest)),
        new("find blob", async (registry, round) =>
            await registry.Store.FindBlobAsync(BigRegistry.Repository, BigRegistry.BlobAt(round * 997, '5'))),
        new("find blob anywhere", async (registry, round) =>
            await registry.Store.FindBlobAnywhereAsync(BigRegistry.BlobAt(round * 983, '5'))),
        new("find reference", async (registry, _) =>
            await registry.Store.FindReferenceToAsync(BigRegistry.Repository, BigRegistry.Layer.Digest)),
        new("list repositories", async (registry, _) => await registry.Store.ListRepositoriesAsync(null, Page)),
        new("set tag", async (registry, round) =>
            await registry.Ledger.AppendAsync(new Operation.TagSet(registry.TagAt(round * 1013), BigRegistry.Image.Digest))),
        new("set new tag", async (registry, round) =>
            await registry.Ledger.AppendAsync(new Operation.TagSet(Tag.Parse($"tag-{round * 1019:d9}-new"), BigRegistry.Image.Digest))),
        new("delete tag", async (registry, round) =>
            await registry.Ledger.AppendAsync(new Operation.TagDeleted(registry.TagAt(round * 1013)))),
        new("link blob", async (registry, round) =>
            await registry.Store.LinkBlobAsync(BigRegistry.Repository, BigRegistry.BlobAt(round * 991, 'a'), 1)),
        new("read ready", async (registry, _) => await registry.Store.ReadReadyAsync(
            BigRegistry.Source, DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000 + (registry.Queued / 2)), Page / 2)),
        new("list dead letters", async (registry, _) => await registry.Store.ListAsync(dead: true, Page / 10)),
        new("list queue", async (registry, _) => await registry.Store.ListAsync(dead: false, Page / 2)),
        new("summarize", async (registry, _) => await registry.Store.SummarizeAsync()),
        new("summarize repositories", async (registry, _) => await registry.Store.SummarizeRepositoriesAsync(null, Page / 2)),
        new("is complete", async (registry, round) =>
            await registry.Store.IsCompleteAsync(LedgerId.Of(BigRegistry.Repository), BigRegistry.Source, round + 1)),
        new("append with missing blob", async (registry, round) => await registry.Ledger.AppendAsync(
            [new MissingBlob(BigRegistry.BlobAt(round * 1021, 'b'), 1, BigRegistry.Source)],
            new Operation.TagSet(registry.TagAt(round), BigRegistry.Image.Digest))),
        new("complete blob", async (registry, round) => await registry.Store.CompleteAsync(registry.QueuedAt(round * 997))),
        new("put blob off", async (registry, round) =>
            await registry.Store.DeferAsync(registry.QueuedAt((round * 991) + 1), "error", null, countAttempt: true)),
        new("prune", async (registry, _) => await registry.Store.PruneFeedAsync(SampleLedger.Region, 20, Page)),
    ];

    [Fact]
    public async Task EveryOperation_InARegistryWithMillions_TakesAboutAsLongAsInAnEmptyOne()
    {
        await using var big = await BigRegistry.CreateAsync(Tags, Blobs, Queued);

        // As many as a page, so that both answer pages of one length.
        await using var empty = await BigRegistry.CreateAsync(2 * Page, 0, 2 * Page);
        Assert.Equal(Page, (await big.Store.ListTagsAsync(BigRegistry.Repository, big.TagAt(Tags / 2).ToString(), Page)).Count);
        Assert.NotNull(await big.Store.FindBlobAsync(BigRegistry.Repository, BigRegistry.BlobAt(Blobs - 1, '5')));
        output.WriteLine($"{Tags} tags, {Blobs} blobs, {Queued} queued against an empty registry; medians of {Rounds}");

        var slow = new List<string>();
        foreach (var comparison in Operations)
        {
            var (large, small) = await comparison.MeasureAsync(big, empty, Rounds, WarmUp);
            var line = Comparison.Format(comparison.Name, large, small);
            output.WriteLine(line);
            if (large > (small * MaxRatio) + Comparison.Noise) slow.Add(line);
        }

        Assert.True(slow.Count == 0, $"Slower with size:\n{string.Join('\n', slow)}");
    }
}
