using System.Text.Json;

namespace GeoRegistry.FrontDoor.Tests.Discovery;

[Endpoint("end-12a")]
public sealed class ReferrersTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Listing Referrers";
    private const string EmptyList = "If a query results in no matching referrers, an empty manifest list MUST be returned";
    private const string Included =
        "After the referrers API is enabled, Registries MUST include all newly pushed image manifests"
        + " with a valid subject field in the referrers API response";

    [Fact]
    [Clause(Section, Must, "Assuming a repository is found, this request MUST return a 200 OK response code")]
    [Clause(Section, Must, "Upon success, the response MUST be a JSON body with an image index containing a list of descriptors")]
    [Clause(Section, Must, "The Content-Type header MUST be set to application/vnd.oci.image.index.v1+json")]
    [Clause(
        Section,
        Must,
        "The descriptors MUST include an artifactType field that is set to the value of the artifactType in the image manifest or index,"
        + " if present")]
    [Clause(Section, Must, "The descriptors MUST include annotations from the image manifest or index")]
    public async Task Get_OfASubject_DescribesItsReferrers()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var image = await repository.PushImageAsync(null,
            ManifestEdits.Subject(subject, MediaType.Sbom, ("org.example.format", "json"), ("a", "ü")));
        var index = await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject, MediaType.Signature, ("b", "2"))));

        var answer = (await repository.GetAsync($"referrers/{subject.Digest}")).Expect(200).ExpectHeader("Content-Type", MediaType.Index);
        Assert.Equal(2, answer.Json.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(MediaType.Index, answer.Json.GetProperty("mediaType").GetString());
        var described = Described(answer);
        Assert.Equal(2, described.Count);
        AssertDescribes(described[image.Digest], image, MediaType.Sbom, """{"org.example.format":"json","a":"ü"}""");
        AssertDescribes(described[index.Digest], index, MediaType.Signature, """{"b":"2"}""");
        Assert.Null(answer["OCI-Filters-Applied"]);
    }

    [Fact]
    [Clause(
        Section,
        Must,
        "If the artifactType is empty or missing in the image manifest,"
        + " the value of artifactType MUST be set to the config descriptor mediaType value")]
    public async Task Get_OfAnImageWithoutArtifactType_GivesItsConfigsMediaType()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var missing = await repository.PushImageAsync(null, ManifestEdits.Subject(subject));
        var empty = await repository.PushImageAsync(null, ManifestEdits.Subject(subject, ""));
        var described = Described(await repository.GetAsync($"referrers/{subject.Digest}"));
        Assert.Equal(MediaType.Config, described[missing.Digest].GetProperty("artifactType").GetString());
        Assert.Equal(MediaType.Config, described[empty.Digest].GetProperty("artifactType").GetString());
    }

    [Fact]
    [Clause(Section, Must, "If the artifactType is empty or missing in an index, the artifactType MUST be omitted")]
    public async Task Get_OfAnIndexWithoutArtifactType_OmitsIt()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject)));
        await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject, "")));
        var described = Described(await repository.GetAsync($"referrers/{subject.Digest}"));
        Assert.Equal(2, described.Count);
        Assert.All(described.Values, descriptor => Assert.False(descriptor.TryGetProperty("artifactType", out _)));
    }

    [Fact]
    [Clause(Section, Must, EmptyList)]
    public async Task Get_OfAManifestWithoutReferrers_IsAnEmptyIndex()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        AssertEmpty(await repository.GetAsync($"referrers/{subject.Digest}"));
    }

    [Fact]
    [Clause(
        Section,
        Must,
        "If the registry supports the referrers API, the registry MUST NOT return a 404 Not Found to a referrers API requests")]
    [Clause(Section, Must, EmptyList)]
    public async Task Get_OfWhatIsUnknown_IsAnEmptyIndex()
    {
        var repository = NewRepository();
        AssertEmpty(await repository.GetAsync($"referrers/{Blob.UnknownDigest()}"));
        await repository.PushImageAsync("v1");
        AssertEmpty(await repository.GetAsync($"referrers/{Blob.UnknownDigest()}"));
        AssertEmpty(await repository.GetAsync($"referrers/{Blob.Random().Sha512}"));
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("sha256:abc")]
    [InlineData("sha256:")]
    [InlineData("sha256-0000000000000000000000000000000000000000000000000000000000000000")]
    [Clause(Section, Must, "If the request is invalid, such as a <digest> with an invalid syntax, a 400 Bad Request MUST be returned")]
    public async Task Get_OfAMalformedDigest_AnswersDigestInvalid(string digest)
    {
        var repository = NewRepository();
        (await repository.GetAsync($"referrers/{digest}")).ExpectError(400, "DIGEST_INVALID");
        await repository.PushImageAsync("latest");
        (await repository.GetAsync($"referrers/{digest}")).ExpectError(400, "DIGEST_INVALID");
    }

    [Fact]
    [Clause("Enabling the Referrers API", Must, Included)]
    public async Task Get_OfASubjectThatIsNotThere_ListsItsReferrers()
    {
        var repository = NewRepository();
        var subject = await repository.PrepareImageAsync();
        var referrer = await repository.PushImageAsync("sbom", ManifestEdits.Subject(subject, MediaType.Sbom));
        Assert.Equal([referrer.Digest], Described(await repository.GetAsync($"referrers/{subject.Digest}")).Keys);
    }

    [Fact]
    [Clause("Enabling the Referrers API", Must, Included)]
    public async Task Get_OfAReferrerPushedTwiceAndTagged_ListsItOnce()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var referrer = await repository.PushImageAsync("a", ManifestEdits.Subject(subject, MediaType.Sbom));
        await repository.PushAsync(referrer, "b");
        await repository.PushAsync(referrer);
        var answer = (await repository.GetAsync($"referrers/{subject.Digest}")).Expect(200);
        Assert.Equal(1, answer.Json.GetProperty("manifests").GetArrayLength());
    }

    [Fact]
    [Clause(
        Section,
        Promise,
        "Each descriptor is of an image manifest or index in the same <name> namespace"
        + " with a subject field that specifies the value of <digest>")]
    public async Task Get_InAnotherRepository_ListsNoneOfThese()
    {
        var (repository, other) = (NewRepository(), NewRepository());
        var subject = await repository.PushImageAsync("v1");
        await repository.PushImageAsync("sbom", ManifestEdits.Subject(subject, MediaType.Sbom));
        await other.PushImageAsync("v1");
        AssertEmpty(await other.GetAsync($"referrers/{subject.Digest}"));
    }

    [Fact]
    [Clause("GeoRegistry: referrers", Promise, "A referrer that is deleted vanishes; one whose tag or subject is deleted stays")]
    public async Task Get_AfterDeletes_ListsTheReferrersThatAreThere()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var stays = await repository.PushImageAsync("stays", ManifestEdits.Subject(subject, MediaType.Sbom));
        var goes = await repository.PushImageAsync("goes", ManifestEdits.Subject(subject, MediaType.Sbom));
        (await repository.DeleteManifestAsync(goes.Digest)).Expect(202);
        (await repository.DeleteManifestAsync("stays")).Expect(202);
        (await repository.DeleteManifestAsync(subject.Digest)).Expect(202);
        Assert.Equal([stays.Digest], Described(await repository.GetAsync($"referrers/{subject.Digest}")).Keys);
    }

    private static Dictionary<string, JsonElement> Described(Answer answer) =>
        answer.Expect(200).Json.GetProperty("manifests").EnumerateArray()
            .ToDictionary(descriptor => descriptor.GetProperty("digest").GetString()!);

    private static void AssertDescribes(JsonElement descriptor, ManifestContent referrer, string artifactType, string annotations)
    {
        Assert.Equal(referrer.MediaType, descriptor.GetProperty("mediaType").GetString());
        Assert.Equal(referrer.Bytes.Length, descriptor.GetProperty("size").GetInt32());
        Assert.Equal(artifactType, descriptor.GetProperty("artifactType").GetString());
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(annotations).RootElement, descriptor.GetProperty("annotations")),
            descriptor.GetRawText());
    }

    private static void AssertEmpty(Answer answer)
    {
        answer.Expect(200).ExpectHeader("Content-Type", MediaType.Index);
        Assert.Equal(MediaType.Index, answer.Json.GetProperty("mediaType").GetString());
        Assert.Equal(0, answer.Json.GetProperty("manifests").GetArrayLength());
    }
}
