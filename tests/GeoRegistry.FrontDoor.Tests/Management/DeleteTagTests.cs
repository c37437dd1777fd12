namespace GeoRegistry.FrontDoor.Tests.Management;

[Endpoint("end-9")]
public sealed class DeleteTagTests(RegistryFixture registry) : ConformanceTest(registry)
{
    [Fact]
    [Clause("Deleting tags", Must, "Upon success, the registry MUST respond with a 202 Accepted code")]
    [Clause("Deleting tags", Promise, "Once deleted, a GET to /v2/<name>/manifests/<tag> will return a 404")]
    public async Task Delete_OfATag_RemovesOnlyTheTag()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        await repository.PushAsync(image, "v2");
        (await repository.DeleteManifestAsync("v1")).Expect(202);
        (await repository.GetManifestAsync("v1")).ExpectError(404, "MANIFEST_UNKNOWN");
        (await repository.GetManifestAsync("v2")).Expect(200);
        (await repository.GetManifestAsync(image.Digest)).Expect(200);
    }

    [Fact]
    [Clause("Deleting tags", Promise, "A tag that is deleted can be set again")]
    public async Task Delete_OfATag_LetsItBeSetAgain()
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await repository.DeleteManifestAsync("v1")).Expect(202);
        var next = await repository.PushImageAsync("v1");
        (await repository.HeadManifestAsync("v1")).Expect(200).ExpectHeader("Docker-Content-Digest", next.Digest);
    }

    [Theory]
    [MemberData(nameof(Pulling.PullManifestTests.InvalidTags), MemberType = typeof(Pulling.PullManifestTests))]
    [InlineData("v2")]
    [Clause("Deleting tags", Promise, "A tag that is not there is 404 MANIFEST_UNKNOWN")]
    public async Task Delete_OfATagThatIsNotThere_AnswersManifestUnknown(string tag)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await repository.DeleteManifestAsync(tag)).ExpectError(404, "MANIFEST_UNKNOWN");
        Assert.Equal(["v1"], await repository.TagsAsync());
    }

    [Fact]
    [Clause("Deleting tags", Promise, "A tag that is not there is 404 MANIFEST_UNKNOWN")]
    public async Task Delete_Twice_AnswersManifestUnknown()
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await repository.DeleteManifestAsync("v1")).Expect(202);
        (await repository.DeleteManifestAsync("v1")).ExpectError(404, "MANIFEST_UNKNOWN");
    }

    [Fact]
    [Clause("Deleting Manifests", Must, "If the repository does not exist, the response MUST return 404 Not Found")]
    public async Task Delete_InAnUnknownRepository_AnswersNameUnknown() =>
        (await NewRepository().DeleteManifestAsync("v1")).ExpectError(404, "NAME_UNKNOWN");
}
