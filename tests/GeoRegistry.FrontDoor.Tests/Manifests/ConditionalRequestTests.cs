using System.Text.Json;

namespace GeoRegistry.FrontDoor.Tests.Manifests;

[Endpoint("end-7a", "end-9")]
public sealed class ConditionalRequestTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Referrers Tag Schema";
    private const string Conditions =
        "Clients MAY use a conditional HTTP push for registries that support ETag conditions to avoid conflicts with other clients";

    private static readonly (string, string) IfNone = ("If-None-Match", "*");
    private static readonly (string, string) IfAny = ("If-Match", "*");

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Put_IfMatchNamesTheCurrentManifest_MovesTheTag()
    {
        var repository = NewRepository();
        var (current, next) = await CurrentAndNextAsync(repository);
        var etag = (await repository.HeadManifestAsync("v1")).Expect(200)["ETag"]!;
        (await repository.PutManifestAsync("v1", next, ("If-Match", etag))).Expect(201);
        await AssertTagAsync(repository, next);
        Assert.Equal($"\"{current.Digest}\"", etag);
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Put_IfMatchListsTheCurrentManifest_MovesTheTag()
    {
        var repository = NewRepository();
        var (current, next) = await CurrentAndNextAsync(repository);
        (await repository.PutManifestAsync("v1", next, ("If-Match", $"\"{Blob.UnknownDigest()}\", \"{current.Digest}\""))).Expect(201);
        await AssertTagAsync(repository, next);
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Put_IfMatchNamesAnother_Answers412WithTheCurrentDigest()
    {
        var repository = NewRepository();
        var (current, next) = await CurrentAndNextAsync(repository);
        AssertFailed(await repository.PutManifestAsync("v1", next, IfMatch(next.Digest)), current.Digest);
        await AssertTagAsync(repository, current);
        (await repository.HeadManifestAsync(next.Digest)).Expect(404);
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Put_IfMatchOnATagThatIsNotThere_Answers412WithoutDigest()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        AssertFailed(await repository.PutManifestAsync("v1", image, IfMatch(image.Digest)), null);
        AssertFailed(await repository.PutManifestAsync("v1", image, IfAny), null);
        (await repository.HeadManifestAsync("v1")).Expect(404);
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Put_IfMatchAny_NeedsTheTagToExist()
    {
        var repository = NewRepository();
        var (_, next) = await CurrentAndNextAsync(repository);
        (await repository.PutManifestAsync("v1", next, IfAny)).Expect(201);
        await AssertTagAsync(repository, next);
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Put_IfNoneMatchAny_CreatesTheTagOnce()
    {
        var repository = NewRepository();
        var first = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync("v1", first, IfNone)).Expect(201);
        var second = await repository.PrepareImageAsync();
        AssertFailed(await repository.PutManifestAsync("v1", second, IfNone), first.Digest);
        await AssertTagAsync(repository, first);
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Put_IfNoneMatchAnyAtOnce_LetsOneThrough()
    {
        var repository = NewRepository();
        var images = new List<ManifestContent>();
        for (var i = 0; i < 8; i++) images.Add(await repository.PrepareImageAsync());
        var answers = await Task.WhenAll(images.Select(image => repository.PutManifestAsync("v1", image, IfNone)));
        var winner = images[Array.FindIndex(answers, answer => answer.Status == 201)];
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), answer => AssertFailed(answer, winner.Digest));
        await AssertTagAsync(repository, winner);
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Put_ByDigestWithTags_HoldsTheConditionForEachTag()
    {
        var repository = NewRepository();
        var (current, next) = await CurrentAndNextAsync(repository);
        AssertFailed(await repository.PutManifestAsync($"{next.Digest}?tag=v1&tag=v2", next, IfNone), current.Digest);
        AssertFailed(await repository.PutManifestAsync($"{next.Digest}?tag=v1&tag=v2", next, IfMatch(current.Digest)), null);
        AssertFailed(await repository.PutManifestAsync($"{next.Digest}?tag=v1", next, IfMatch(next.Digest)), current.Digest);
        Assert.Equal(["v1"], await repository.TagsAsync());
        await AssertTagAsync(repository, current);
        (await repository.HeadManifestAsync(next.Digest)).Expect(404);

        (await repository.PutManifestAsync($"{next.Digest}?tag=v1", next, IfMatch(current.Digest))).Expect(201);
        (await repository.PutManifestAsync($"{next.Digest}?tag=v2&tag=v3", next, IfNone)).Expect(201);
        Assert.Equal(["v1", "v2", "v3"], await repository.TagsAsync());
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Delete_IfMatchNamesTheCurrentManifest_DeletesTheTag()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        (await repository.DeleteManifestAsync("v1", IfMatch(image.Digest))).Expect(202);
        (await repository.HeadManifestAsync("v1")).Expect(404);
    }

    [Fact]
    [Clause(Section, May, Conditions)]
    public async Task Delete_IfMatchNamesAnother_Answers412WithTheCurrentDigest()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        AssertFailed(await repository.DeleteManifestAsync("v1", IfMatch(Blob.UnknownDigest())), image.Digest);
        AssertFailed(await repository.DeleteManifestAsync("v1", IfNone), image.Digest);
        await AssertTagAsync(repository, image);
    }

    private static async Task<(ManifestContent Current, ManifestContent Next)> CurrentAndNextAsync(RepositoryClient repository) =>
        (await repository.PushImageAsync("v1"), await repository.PrepareImageAsync());

    private static (string, string) IfMatch(string digest) => ("If-Match", $"\"{digest}\"");

    private static async Task AssertTagAsync(RepositoryClient repository, ManifestContent expected) =>
        (await repository.HeadManifestAsync("v1")).Expect(200).ExpectHeader("Docker-Content-Digest", expected.Digest);

    private static void AssertFailed(Answer answer, string? current)
    {
        var detail = answer.ExpectError(412, "DENIED");
        var digest = detail.ValueKind == JsonValueKind.Object && detail.TryGetProperty("digest", out var value) ? value.GetString() : null;
        Assert.Equal(current, digest);
    }
}
