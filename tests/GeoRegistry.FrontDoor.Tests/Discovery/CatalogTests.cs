using GeoRegistry.TestKit;

namespace GeoRegistry.FrontDoor.Tests.Discovery;

public sealed class CatalogTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "GeoRegistry: catalog";

    [Fact]
    [Clause(Section, Promise, "GET /v2/_catalog lists repositories in ordinal order, with n, last and Link")]
    public async Task Get_WithNAndLast_PagesThroughTheRepositories()
    {
        var parent = NewRepository().Name;
        string[] names = [$"{parent}/a", $"{parent}/b", $"{parent}/b-c", $"{parent}/c"];
        foreach (var name in names.Reverse()) await new RepositoryClient(Registry, name).PushImageAsync("v1");
        await UntilListedAsync(new RepositoryClient(Registry, names[0]), isListed: true); // The last of them, in the feed of one home.

        var first = (await Registry.GetAsync($"/v2/_catalog?n=2&last={Uri.EscapeDataString(parent)}")).Expect(200);
        Assert.Equal(names[..2], RepositoryClient.Strings(first, "repositories"));
        Assert.StartsWith("/", first.NextPage!, StringComparison.Ordinal);
        var second = (await Registry.GetAsync(first.NextPage!)).Expect(200);
        Assert.Equal(names[2..], RepositoryClient.Strings(second, "repositories"));
    }

    [Fact]
    [Clause(Section, Promise, "GET /v2/_catalog lists repositories in ordinal order, with n, last and Link")]
    public async Task Get_PastTheLastRepository_IsAnEmptyListWithoutLink()
    {
        var answer = (await Registry.GetAsync("/v2/_catalog?n=2&last=zzzzzzzz")).Expect(200);
        Assert.Empty(RepositoryClient.Strings(answer, "repositories"));
        Assert.Null(answer["Link"]);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("")]
    [Clause(Section, Promise, "An n that is no count is read as if it were not given")]
    public async Task Get_WithAnNThatIsNoCount_IsThePageWithoutN(string n)
    {
        var parent = NewRepository().Name;
        var repository = new RepositoryClient(Registry, $"{parent}/a");
        await repository.PushImageAsync("v1");

        // Asked again until it is so: another region than the one before may answer, and know of the push a moment later.
        await Waiting.UntilAsync($"the page begins with {parent}/a", async () =>
            RepositoryClient.Strings((await Registry.GetAsync($"/v2/_catalog?n={n}&last={parent}")).Expect(200), "repositories")
                .FirstOrDefault() == $"{parent}/a");
    }

    [Fact]
    [Clause(Section, Promise, "A repository whose manifests are all deleted is not listed; one that is pushed to again is")]
    public async Task Get_AfterTheLastManifestIsDeleted_ListsTheRepositoryNoMore()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        await UntilListedAsync(repository, isListed: true);
        (await repository.DeleteManifestAsync(image.Digest)).Expect(202);
        await UntilListedAsync(repository, isListed: false);
        await repository.PushAsync(image, "v1");
        await UntilListedAsync(repository, isListed: true);
    }

    // A region lists what it knows: what was pushed through another one comes a moment later.
    private Task UntilListedAsync(RepositoryClient repository, bool isListed) => Waiting.UntilAsync(
        $"{repository.Name} is {(isListed ? "" : "not ")}listed", async () => await IsListedAsync(repository) == isListed);

    // By the name before it in the order, so that other tests' repositories are not in the way.
    private async Task<bool> IsListedAsync(RepositoryClient repository) =>
        RepositoryClient.Strings((await Registry.GetAsync($"/v2/_catalog?n=1&last={repository.Name[..^1]}")).Expect(200), "repositories")
            .Contains(repository.Name);
}
