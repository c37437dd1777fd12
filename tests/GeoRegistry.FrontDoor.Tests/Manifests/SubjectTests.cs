namespace GeoRegistry.FrontDoor.Tests.Manifests;

[Endpoint("end-7a")]
public sealed class SubjectTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Pushing Manifests with Subject";
    private const string Header =
        "MUST respond with the response header OCI-Subject: <subject digest>"
        + " to indicate to the client that the registry processed the request's subject";

    [Fact]
    [Clause(Section, Must, Header)]
    public async Task Put_OfAnImageWithSubject_NamesTheSubject()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var referrer = await repository.PrepareImageAsync(ManifestEdits.Subject(subject, MediaType.Sbom));
        (await repository.PutManifestAsync(referrer.Digest, referrer)).Expect(201).ExpectHeader("OCI-Subject", subject.Digest);
        (await repository.PutManifestAsync("sbom", referrer)).Expect(201).ExpectHeader("OCI-Subject", subject.Digest);
    }

    [Fact]
    [Clause(Section, Must, Header)]
    public async Task Put_OfAnIndexWithSubject_NamesTheSubject()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var referrer = ManifestContent.Index([], ManifestEdits.Subject(subject, MediaType.Sbom));
        (await repository.PutManifestAsync(referrer.Digest, referrer)).Expect(201).ExpectHeader("OCI-Subject", subject.Digest);
    }

    [Fact]
    [Clause(Section, Must, Header)]
    public async Task Put_WithoutSubject_NamesNone()
    {
        var repository = NewRepository();
        Assert.Null((await repository.PutManifestAsync("v1", await repository.PrepareImageAsync())).Expect(201)["OCI-Subject"]);
    }

    [Fact]
    [Clause(
        "Push",
        Must,
        "A registry MUST initially accept an otherwise valid manifest with a subject field"
        + " that references a manifest that does not exist in the repository")]
    public async Task Put_WithASubjectThatIsNotThere_IsAcceptedInEitherOrder()
    {
        var repository = NewRepository();
        var subject = await repository.PrepareImageAsync();
        var referrer = await repository.PrepareImageAsync(ManifestEdits.Subject(subject, MediaType.Sbom));
        (await repository.PutManifestAsync(referrer.Digest, referrer)).Expect(201).ExpectHeader("OCI-Subject", subject.Digest);
        (await repository.HeadManifestAsync(subject.Digest)).Expect(404);
        (await repository.PutManifestAsync("v1", subject)).Expect(201);
        Assert.Contains(referrer.Digest, (await repository.GetAsync($"referrers/{subject.Digest}")).Expect(200).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    [Clause(
        "Push",
        Must,
        "A registry MUST initially accept an otherwise valid manifest with a subject field"
        + " that references a manifest that does not exist in the repository")]
    public async Task Put_WithASubjectNamedBySha512_NamesIt()
    {
        var repository = NewRepository();
        var subject = await repository.PrepareImageAsync();
        var referrer = await repository.PrepareImageAsync(
            manifest => manifest["subject"] = Descriptor.Of(MediaType.Image, subject.Sha512, subject.Bytes.Length));
        (await repository.PutManifestAsync("sbom", referrer)).Expect(201).ExpectHeader("OCI-Subject", subject.Sha512);
    }
}
