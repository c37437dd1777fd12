namespace GeoRegistry.FrontDoor.Tests.Manifests;

[Endpoint("end-7b")]
public sealed class TagParameterTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Pushing Manifests";

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(10)]
    [Clause(Section, Should, "SHOULD support pushing at least 10 tags per request")]
    [Clause(
        Section,
        Must,
        "MUST include an OCI-Tag response header, in accordance with RFC 9110 (section 5) semantics, for each accepted tag")]
    public async Task Put_ByDigestWithTags_SetsAndNamesThemAll(int count)
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        string[] tags = [.. Enumerable.Range(0, count).Select(i => $"v{i}")];
        var answer = (await repository.PutManifestAsync($"{image.Digest}?{Query(tags)}", image)).Expect(201).ExpectHeader(
            "Docker-Content-Digest", image.Digest);
        Assert.Equal(tags, AcceptedTags(answer).Order(StringComparer.Ordinal));
        Assert.Equal(tags, await repository.TagsAsync());
        foreach (var tag in tags)
            (await repository.HeadManifestAsync(tag)).Expect(200).ExpectHeader("Docker-Content-Digest", image.Digest);
    }

    [Fact]
    [Clause(
        Section,
        Must,
        "MUST include an OCI-Tag response header, in accordance with RFC 9110 (section 5) semantics, for each accepted tag")]
    public async Task Put_ByDigestWithoutTags_NamesNone()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        Assert.Empty((await repository.PutManifestAsync(image.Digest, image)).Expect(201).All("OCI-Tag"));
    }

    [Fact]
    [Clause("GeoRegistry: tags", Promise, "A manifest and its tags are set at once; tags that named something else move")]
    public async Task Put_ByDigestWithExistingTags_MovesThem()
    {
        var repository = NewRepository();
        await repository.PushImageAsync("latest");
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync($"{image.Digest}?tag=latest&tag=v2&tag=latest", image)).Expect(201);
        Assert.Equal(["latest", "v2"], await repository.TagsAsync());
        (await repository.HeadManifestAsync("latest")).Expect(200).ExpectHeader("Docker-Content-Digest", image.Digest);
    }

    [Theory]
    [InlineData(".bad")]
    [InlineData("")]
    [InlineData("a%20b")]
    [InlineData("sha256%3Aabc")]
    [Clause("GeoRegistry: tags", Promise, "An invalid tag among the parameters answers MANIFEST_INVALID and nothing is stored")]
    public async Task Put_WithAnInvalidTagAmongThem_StoresNothing(string tag)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("existing");
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync($"{image.Digest}?tag=good&tag={tag}", image)).ExpectError(400, "MANIFEST_INVALID");
        Assert.Equal(["existing"], await repository.TagsAsync());
        (await repository.HeadManifestAsync(image.Digest)).Expect(404);
    }

    [Fact]
    [Clause("GeoRegistry: tags", Promise, "Tag parameters go with a digest only")]
    public async Task Put_ByTagWithTags_AnswersManifestInvalid()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync("v1?tag=v2", image)).ExpectError(400, "MANIFEST_INVALID");
        (await repository.HeadManifestAsync("v1")).Expect(404);
        (await repository.HeadManifestAsync("v2")).Expect(404);
    }

    private static string Query(IEnumerable<string> tags) => string.Join('&', tags.Select(tag => $"tag={tag}"));

    private static string[] AcceptedTags(Answer answer) =>
        [.. answer.All("OCI-Tag").SelectMany(line => line.Split(',', StringSplitOptions.TrimEntries))];
}
