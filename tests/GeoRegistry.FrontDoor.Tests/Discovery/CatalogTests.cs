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
    [Clause(Section, Promise, "A bad n answers 400 UNSUPPORTED")]
    public async Task Get_WithABadN_Answers400(string n) => (await Registry.GetAsync($"/v2/_catalog?n={n}")).ExpectError(400, "UNSUPPORTED");
}
