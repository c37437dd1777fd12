using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class RepositoryTablesContract
{
    private static readonly Digest One = SampleBlob.Of("one").Digest, Two = SampleBlob.Of("two").Digest;

    [Fact]
    public async Task FindTagAsync_SetMovedAndDeleted_NamesTheCurrentDigest()
    {
        var (ledger, tag) = (Ledger(), Tag.Parse("v1"));
        Assert.Null(await Tables.FindTagAsync(ledger.Repository, tag));

        await ledger.TagAsync(One, "v1");
        Assert.Equal(One, await Tables.FindTagAsync(ledger.Repository, tag));

        await ledger.TagAsync(Two, "v1");
        Assert.Equal(Two, await Tables.FindTagAsync(ledger.Repository, tag));

        await ledger.AppendAsync(new Operation.TagDeleted(tag));
        Assert.Null(await Tables.FindTagAsync(ledger.Repository, tag));

        await ledger.TagAsync(One, "v1");
        Assert.Equal(One, await Tables.FindTagAsync(ledger.Repository, tag));
    }

    [Fact]
    public async Task FindTagAsync_TwiceInOneCommit_TheLastOperationWins()
    {
        var (ledger, tag) = (Ledger(), Tag.Parse("v1"));

        await ledger.AppendAsync(new Operation.TagSet(tag, One), new Operation.TagDeleted(tag), new Operation.TagSet(tag, Two));

        Assert.Equal(Two, await Tables.FindTagAsync(ledger.Repository, tag));
    }

    [Fact]
    public async Task FindTagAsync_SameTagInAnotherRepositoryOrCase_IsAnother()
    {
        var ledger = Ledger();
        await ledger.TagAsync(One, "latest");

        Assert.Null(await Tables.FindTagAsync(RepositoryName.Parse("library/other"), Tag.Parse("latest")));
        Assert.Null(await Tables.FindTagAsync(ledger.Repository, Tag.Parse("Latest")));
    }

    [Fact]
    public async Task ListTagsOfAsync_SeveralTags_ListsThoseThatNameItNow()
    {
        var ledger = Ledger();
        await ledger.TagAsync(One, "b", "a", "C", "moved");
        await ledger.TagAsync(Two, "moved", "other");

        Assert.Equal(["C", "a", "b"], (await Tables.ListTagsOfAsync(ledger.Repository, One)).Select(tag => tag.ToString()));
        Assert.Equal(["moved", "other"], (await Tables.ListTagsOfAsync(ledger.Repository, Two)).Select(tag => tag.ToString()));
        Assert.Empty(await Tables.ListTagsOfAsync(RepositoryName.Parse("library/other"), One));
    }

    [Fact]
    public async Task ListTagsAsync_AllKindsOfCharacters_AreInTheOrderOfBytes()
    {
        var ledger = Ledger();
        string[] tags = ["a", "B", "_", "0", "a.b", "a-b", "a_b", "aB", "A", "z", "Z", "a0", "1.10", "1.9", "ab"];

        await ledger.TagAsync(One, tags);

        Assert.Equal(tags.Order(StringComparer.Ordinal), await ListAsync(ledger, null, 100));
    }

    [Fact]
    public async Task ListTagsAsync_PagedThrough_GivesEveryTagOnce()
    {
        var ledger = Ledger();
        var random = new Random(20);
        const string Characters = "abzABZ019._-";
        var tags = Enumerable.Range(0, 300)
            .Select(i => $"{(char)('a' + (i % 26))}{new string(random.GetItems<char>(Characters, random.Next(0, 6)))}")
            .Distinct().ToArray();
        await ledger.TagAsync(One, tags);

        var listed = new List<string>();
        for (var page = await ListAsync(ledger, null, 7); page.Count > 0; page = await ListAsync(ledger, listed[^1], 7))
        {
            listed.AddRange(page);
            Assert.True(listed.Count <= tags.Length, $"The last page never came: {page[0]} came again.");
        }

        Assert.Equal(tags.Order(StringComparer.Ordinal), listed);
    }

    [Theory]
    [InlineData("b", "c,d")]
    [InlineData("bb", "c,d")]
    [InlineData("", "a,b,c,d")]
    [InlineData("B", "a,b,c,d")]
    [InlineData("a:not/a tag", "b,c,d")]
    [InlineData("ä", "")]
    [InlineData("d", "")]
    public async Task ListTagsAsync_AfterAnyText_BeginsBehindItsPlace(string after, string expected)
    {
        var ledger = Ledger();
        await ledger.TagAsync(One, "a", "b", "c", "d");

        Assert.Equal(expected, string.Join(',', await ListAsync(ledger, after, 10)));
    }

    [Fact]
    public async Task ListTagsAsync_NoTagsOrNoRepository_IsEmpty()
    {
        var ledger = Ledger();
        await ledger.PutAsync(SampleManifests.Image("a"));
        await Ledger("library/neighbour").TagAsync(One, "v1");

        Assert.Empty(await ListAsync(ledger, null, 10));
        Assert.Empty(await ListAsync(Ledger("none"), null, 10));
    }

    private async Task<IReadOnlyList<string>> ListAsync(SampleLedger ledger, string? after, int limit) =>
        [.. (await Tables.ListTagsAsync(ledger.Repository, after, limit)).Select(tag => tag.ToString())];
}
