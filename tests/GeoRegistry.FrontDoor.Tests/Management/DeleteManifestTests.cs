namespace GeoRegistry.FrontDoor.Tests.Management;

[Endpoint("end-9")]
public sealed class DeleteManifestTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Deleting Manifests";

    [Fact]
    [Clause(Section, Must, "Upon success, the registry MUST respond with a 202 Accepted code")]
    [Clause(
        Section, Promise, "Once deleted, a GET to /v2/<name>/manifests/<digest> and any tag pointing to that digest will return a 404")]
    public async Task Delete_OfADigest_RemovesTheManifestAndItsTags()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        await repository.PushAsync(image, "v2");
        var other = await repository.PushImageAsync("other");
        (await repository.DeleteManifestAsync(image.Digest)).Expect(202);
        foreach (var reference in new[] { image.Digest, "v1", "v2" })
            (await repository.GetManifestAsync(reference)).ExpectError(404, "MANIFEST_UNKNOWN");
        Assert.Equal(["other"], await repository.TagsAsync());
        (await repository.HeadManifestAsync(other.Digest)).Expect(200);
    }

    [Fact]
    [Clause(Section, Promise, "A manifest that is deleted can be pushed again")]
    public async Task Delete_OfADigest_LetsItBePushedAgain()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        (await repository.DeleteManifestAsync(image.Digest)).Expect(202);
        await repository.PushAsync(image, "v1");
        (await repository.GetManifestAsync(image.Digest)).Expect(200);
    }

    [Fact]
    [Clause(Section, Must, "If the repository does not exist, the response MUST return 404 Not Found")]
    public async Task Delete_InAnUnknownRepository_AnswersNameUnknown() =>
        (await NewRepository().DeleteManifestAsync(Blob.UnknownDigest())).ExpectError(404, "NAME_UNKNOWN");

    [Fact]
    [Clause(Section, Promise, "A manifest that is not there is 404 MANIFEST_UNKNOWN")]
    public async Task Delete_OfADigestThatIsNotThere_AnswersManifestUnknown()
    {
        var (repository, other) = (NewRepository(), NewRepository());
        await repository.PushImageAsync("v1");
        var theirs = await other.PushImageAsync("v1");
        (await repository.DeleteManifestAsync(theirs.Digest)).ExpectError(404, "MANIFEST_UNKNOWN");
        (await other.HeadManifestAsync(theirs.Digest)).Expect(200);
    }

    [Theory]
    [MemberData(nameof(Pulling.PullManifestTests.InvalidDigests), MemberType = typeof(Pulling.PullManifestTests))]
    [Clause("GeoRegistry: errors", Promise, "A malformed digest answers DIGEST_INVALID")]
    public async Task Delete_OfAMalformedDigest_AnswersDigestInvalid(string digest)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await repository.DeleteManifestAsync(digest)).ExpectError(400, "DIGEST_INVALID");
    }

    [Fact]
    [Clause("GeoRegistry: deletion", Promise, "A manifest that an index lists is not deleted: 405 DENIED, naming the index")]
    public async Task Delete_OfAManifestThatAnIndexLists_IsDeniedUntilTheIndexGoes()
    {
        var repository = NewRepository();
        var child = await repository.PushImageAsync("child");
        var index = await repository.PushAsync(ManifestContent.Index([child]), "all");
        var detail = (await repository.DeleteManifestAsync(child.Digest)).ExpectError(405, "DENIED");
        Assert.Contains(index.Digest, detail.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(["all", "child"], await repository.TagsAsync());

        (await repository.DeleteManifestAsync("child")).Expect(202);
        (await repository.DeleteManifestAsync(index.Digest)).Expect(202);
        (await repository.DeleteManifestAsync(child.Digest)).Expect(202);
        (await repository.HeadManifestAsync(child.Digest)).Expect(404);
    }

    [Fact]
    [Clause("GeoRegistry: deletion", Promise, "An index in another repository does not keep a manifest here")]
    public async Task Delete_OfAManifestThatAnotherRepositorysIndexLists_Answers202()
    {
        var (repository, other) = (NewRepository(), NewRepository());
        var child = await repository.PushImageAsync();
        await CopyAsync(child, repository, other);
        await other.PushAsync(ManifestContent.Index([child]), "all");
        (await repository.DeleteManifestAsync(child.Digest)).Expect(202);
        (await other.HeadManifestAsync(child.Digest)).Expect(200);
    }

    [Fact]
    [Clause("GeoRegistry: deletion", Promise, "A subject may be deleted while it has referrers, and a referrer while its subject stays")]
    public async Task Delete_OfASubject_Answers202()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var referrer = await repository.PushImageAsync(null, ManifestEdits.Subject(subject, MediaType.Sbom));
        (await repository.DeleteManifestAsync(subject.Digest)).Expect(202);
        (await repository.HeadManifestAsync(referrer.Digest)).Expect(200);
        (await repository.DeleteManifestAsync(referrer.Digest)).Expect(202);
    }

    private static async Task CopyAsync(ManifestContent image, RepositoryClient from, RepositoryClient to)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(image.Bytes)!;
        foreach (var descriptor in json["layers"]!.AsArray().Append(json["config"]))
        {
            (await to.PostUploadAsync($"?mount={descriptor!["digest"]}&from={from.Name}")).Expect(201);
        }

        await to.PushAsync(image);
    }
}
