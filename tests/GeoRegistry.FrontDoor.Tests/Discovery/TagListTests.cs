using System.Text.Json;

namespace GeoRegistry.FrontDoor.Tests.Discovery;

[Endpoint("end-8a")]
public sealed class TagListTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Listing Tags";

    [Fact]
    [Clause(Section, Must, "Assuming a repository is found, this request MUST return a 200 OK response code")]
    [Clause(Section, Must, "Upon success, the response MUST be a json body in the following format")]
    [Clause(
        Section,
        Must,
        "If the list is not empty, the tags MUST be in lexical (i.e. case-insensitive alphanumeric order)"
        + " or ASCIIbetical (Go's sort.Strings) order")]
    public async Task Get_OfARepository_ListsItsTagsInOrdinalOrder()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        foreach (var tag in new[] { "b", "a", "B", "_x", "1.10", "1.9", "A", "a-b", "a.b", "a_b", "ab" })
            await repository.PushAsync(image, tag);

        var answer = (await repository.GetAsync("tags/list")).Expect(200);
        Assert.StartsWith("application/json", answer.ContentType, StringComparison.Ordinal);
        Assert.Equal(repository.Name, answer.Json.GetProperty("name").GetString());
        Assert.Equal(["1.10", "1.9", "A", "B", "_x", "a", "a-b", "a.b", "a_b", "ab", "b"], RepositoryClient.Strings(answer, "tags"));
        Assert.Null(answer["Link"]);
    }

    [Fact]
    [Clause(Section, May, "The list of tags MAY be empty if there are no tags on the repository")]
    public async Task Get_OfARepositoryWithoutTags_IsAnEmptyList()
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await repository.DeleteManifestAsync("v1")).Expect(202);
        var tags = (await repository.GetAsync("tags/list")).Expect(200).Json.GetProperty("tags");
        Assert.Equal(JsonValueKind.Array, tags.ValueKind);
        Assert.Equal(0, tags.GetArrayLength());
    }

    [Fact]
    [Clause("Pushing Manifests", Must, "An attempt to pull a nonexistent repository MUST return response code 404 Not Found")]
    public async Task Get_OfAnUnknownRepository_AnswersNameUnknown() =>
        (await NewRepository().GetAsync("tags/list")).ExpectError(404, "NAME_UNKNOWN");

    [Fact]
    [Clause(Section, Must, "Upon success, the response MUST be a json body in the following format")]
    public async Task Get_AfterTheTagWasDeleted_ListsTheOthers()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        await repository.PushAsync(image, "v2");
        (await repository.DeleteManifestAsync("v1")).Expect(202);
        Assert.Equal(["v2"], await repository.TagsAsync());
    }

    [Fact]
    [Clause(Section, Must, "Upon success, the response MUST be a json body in the following format")]
    public async Task Get_OfARepositoryBelowAnother_ListsOnlyItsOwn()
    {
        var above = NewRepository();
        var below = new RepositoryClient(Registry, $"{above.Name}/below");
        await above.PushImageAsync("above");
        await below.PushImageAsync("below");
        Assert.Equal(["above"], await above.TagsAsync());
        Assert.Equal(["below"], await below.TagsAsync());
    }
}
