namespace GeoRegistry.FrontDoor.Tests.Discovery;

/// <summary>
/// Clients that do not know the referrers API keep an index under a tag made of the digest; to the registry it is any
/// tag.
/// </summary>
[Endpoint("end-3", "end-7a")]
public sealed class ReferrersTagSchemaTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Referrers Tag Schema";

    [Fact]
    [Clause(Section, Promise, "This tag should return an image index matching the expected response of the referrers API")]
    public async Task Put_OfAReferrersTag_WorksAsAnyTag()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var tag = subject.Digest.Replace(':', '-');
        (await repository.GetManifestAsync(tag)).ExpectError(404, "MANIFEST_UNKNOWN");

        var referrer = await repository.PushImageAsync(null, ManifestEdits.Subject(subject, MediaType.Sbom));
        var list = await repository.PushAsync(ManifestContent.Index([referrer]), tag);
        Assert.Equal(list.Bytes, (await repository.GetManifestAsync(tag)).Expect(200).ExpectHeader("Content-Type", MediaType.Index).Body);
        Assert.Contains(tag, await repository.TagsAsync());

        await repository.PushAsync(ManifestContent.Index([]), tag);
        (await repository.DeleteManifestAsync(tag)).Expect(202);
        (await repository.HeadManifestAsync(tag)).Expect(404);
    }

    [Fact]
    [Clause(Section, Promise, "Truncated Encoded: the digest's encoded section truncated to 64 characters")]
    public async Task Put_OfASha512ReferrersTag_WorksAsAnyTag()
    {
        var repository = NewRepository();
        var tag = Blob.Random().Sha512.Replace(':', '-')[..71];
        await repository.PushAsync(ManifestContent.Index([]), tag);
        Assert.Equal([tag], await repository.TagsAsync());
    }
}
