namespace GeoRegistry.FrontDoor.Tests.Discovery;

[Endpoint("end-8b")]
public sealed class TagPagingTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Listing Tags";
    private const string Ordered = "The tags MUST be in lexical or ASCIIbetical order";
    private const int MaxPage = 10_000;

    [Theory]
    [InlineData("n=2", "a b")]
    [InlineData("n=5", "a b c d e")]
    [InlineData("n=50", "a b c d e")]
    [Clause(Section, Must, "Otherwise, the response MUST include <int> results")]
    [Clause(Section, Must, "As above, the tags MUST be in lexical or ASCIIbetical order")]
    public async Task Get_WithN_ReturnsThatManyFromTheStart(string query, string expected) => await AssertPageAsync(query, expected);

    [Theory]
    [InlineData("n=2&last=b", "c d")]
    [InlineData("n=2&last=bb", "c d")]
    [InlineData("n=10&last=d", "e")]
    [InlineData("n=2&last=e", "")]
    [InlineData("n=2&last=zz", "")]
    [InlineData("last=c", "d e")]
    [InlineData("last=c&n=1", "d")]
    [InlineData("n=2&last=2", "a b")]
    [Clause(Section, Must, Ordered)]
    [Clause(Section, Must, "<tagname> MUST NOT be a numerical index, but rather it MUST be a proper tag")]
    public async Task Get_WithLast_ReturnsWhatComesAfterIt(string query, string expected) => await AssertPageAsync(query, expected);

    [Fact]
    [Clause(Section, Must, "When n is zero, this endpoint MUST return an empty list, and MUST NOT include a Link header")]
    public async Task Get_WithNZero_IsAnEmptyListWithoutLink() => Assert.Null((await AssertPageAsync("n=0", ""))["Link"]);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 3)]
    [InlineData(5, 1)]
    [Clause(Section, Must, "If included, the Link header MUST be set according to RFC 5988 with the Relation Type rel=\"next\"")]
    public async Task Get_FollowingLinks_ReturnsEachTagOnce(int n, int pages)
    {
        var repository = await FiveTagsAsync();
        var seen = new List<string>();
        var followed = 0;
        for (var next = repository.Path($"tags/list?n={n}"); next is not null; followed++)
        {
            Assert.StartsWith("/", next, StringComparison.Ordinal);
            var answer = (await Registry.GetAsync(next)).Expect(200);
            seen.AddRange(RepositoryClient.Strings(answer, "tags"));
            next = answer.NextPage;
            Assert.True(followed < pages, $"The last page never came: after {followed + 1} of {pages}, the next is {next}.");
        }

        Assert.Equal(["a", "b", "c", "d", "e"], seen);
        Assert.Equal(pages, followed);
    }

    [Theory]
    [InlineData("n=-1")]
    [InlineData("n=x")]
    [InlineData("n=1.5")]
    [InlineData("n=")]
    [InlineData("n")]
    [InlineData("n=1&n=2")]
    [InlineData("n=99999999999999999999")]
    [Clause("GeoRegistry: tags", Promise, "An n that is no count is read as if it were not given")]
    public async Task Get_WithAnNThatIsNoCount_IsThePageWithoutN(string query) =>
        Assert.Null((await AssertPageAsync(query, "a b c d e"))["Link"]);

    [Fact]
    [Clause(
        Section,
        May,
        "The response to such a request MAY return fewer than <int> results,"
        + " but only when the total number of tags attached to the repository is less than <int> or a Link header is provided")]
    public async Task Get_WithNAboveTheMaximum_IsCappedWithALink()
    {
        const int PerPush = 100;
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        for (var first = 0; first <= MaxPage; first += PerPush)
        {
            var tags = string.Join('&', Enumerable.Range(first, PerPush).Select(i => $"tag=t{i:d6}"));
            (await repository.PutManifestAsync($"{image.Digest}?{tags}", image)).Expect(201);
        }

        var page = (await repository.GetAsync($"tags/list?n={MaxPage + PerPush}")).Expect(200);
        Assert.Equal(MaxPage, RepositoryClient.Strings(page, "tags").Length);
        Assert.Equal(PerPush, RepositoryClient.Strings((await Registry.GetAsync(page.NextPage!)).Expect(200), "tags").Length);
    }

    private async Task<Answer> AssertPageAsync(string query, string expected)
    {
        var answer = (await (await FiveTagsAsync()).GetAsync($"tags/list?{query}")).Expect(200);
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), RepositoryClient.Strings(answer, "tags"));
        return answer;
    }

    private async Task<RepositoryClient> FiveTagsAsync()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        foreach (var tag in new[] { "c", "a", "e", "b", "d" }) await repository.PushAsync(image, tag);
        return repository;
    }
}
