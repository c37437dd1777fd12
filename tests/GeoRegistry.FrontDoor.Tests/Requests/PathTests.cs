namespace GeoRegistry.FrontDoor.Tests.Requests;

/// <summary>Paths that a client library would tidy up, sent as they are: none may lead to another resource than it spells.</summary>
public sealed class PathTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "GeoRegistry: paths";

    [Theory]
    [InlineData("/v2/{0}/../{0}/manifests/v1")]
    [InlineData("/v2/{1}/x/../{2}/manifests/v1")]
    [InlineData("/v2/./{0}/manifests/v1")]
    [InlineData("/v2/{0}/./manifests/v1")]
    [InlineData("/v2//{0}/manifests/v1")]
    [InlineData("/v2/{1}//{2}/manifests/v1")]
    [InlineData("/v2/{0}//manifests/v1")]
    [InlineData("/v2/{1}/x/%2e%2e/{2}/manifests/v1")]
    [InlineData("/v2/{1}/x/.%2E/{2}/manifests/v1")]
    [InlineData("/v2/{1}/%2e/{2}/manifests/v1")]
    [InlineData("/v2/{1}%2F{2}/manifests/v1")]
    [InlineData("/v2/{1}%2f{2}/tags/list")]
    [InlineData("/v2/{1}%5C{2}/manifests/v1")]
    [InlineData("/v2/{1}/x%2F..%2F{2}/manifests/v1")]
    [InlineData("/v2/{0}/manifests/../manifests/v1")]
    [InlineData("/v2/{0}/tags/../tags/list")]
    [Clause(Section, Promise, "Dot segments, empty segments and encoded slashes in names answer NAME_INVALID and resolve to nothing")]
    public async Task Get_WithATrickInTheName_AnswersNameInvalid(string target)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        var parts = repository.Name.Split('/');
        target = target
            .Replace("{0}", repository.Name, StringComparison.Ordinal)
            .Replace("{1}", parts[0], StringComparison.Ordinal)
            .Replace("{2}", parts[1], StringComparison.Ordinal);
        (await Registry.SendRawAsync("GET", target)).ExpectError(400, "NAME_INVALID");
    }

    [Theory]
    [InlineData("/v2/{0}/manifests/..", 404)]
    [InlineData("/v2/{0}/manifests/%2e%2e", 404)]
    [InlineData("/v2/{0}/manifests/.", 404)]
    [InlineData("/v2/{0}/manifests/x%2F..%2Fv1", 404)]
    [InlineData("/v2/{0}/manifests/v1%2F", 404)]
    [InlineData("/v2/{0}/manifests/v1/", 404)]
    [InlineData("/v2/{0}/manifests/v1%00", 400)]
    [InlineData("/v2/{0}/x/../manifests/v1", 400)]
    [InlineData("/v2/{0}/blobs/..%2Fmanifests%2Fv1", 400)]
    [InlineData("/x/../v2/{0}/manifests/v1", 404)]
    [InlineData("/%2e%2e/v2/{0}/manifests/v1", 404)]
    [InlineData("//v2/{0}/manifests/v1", 404)]
    [Clause(Section, Promise, "Dot segments, empty segments and encoded slashes never lead to another resource")]
    public async Task Get_WithATrickElsewhere_FindsNothing(string target, int status)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await Registry.SendRawAsync("GET", target.Replace("{0}", repository.Name, StringComparison.Ordinal))).Expect(status);
    }

    [Fact]
    [Clause(Section, Promise, "The colon of a digest may be encoded")]
    public async Task Get_WithAnEncodedColon_FindsTheDigest()
    {
        var repository = NewRepository();
        var blob = await repository.PushBlobAsync();
        var image = await repository.PushImageAsync("v1");
        foreach (var colon in new[] { "%3A", "%3a" })
        {
            Assert.Equal(
                blob.Bytes, (await Registry.SendRawAsync("GET", repository.BlobPath(Encoded(blob.Digest, colon)))).Expect(200).Body);
            Assert.Equal(
                image.Bytes, (await Registry.SendRawAsync("GET", repository.ManifestPath(Encoded(image.Digest, colon)))).Expect(200).Body);
            (await Registry.SendRawAsync("GET", repository.Path($"referrers/{Encoded(image.Digest, colon)}"))).Expect(200);
            (await Registry.SendRawAsync("HEAD", repository.BlobPath(Encoded(blob.Digest, colon)))).Expect(200);
        }

        static string Encoded(string digest, string colon) => digest.Replace(":", colon, StringComparison.Ordinal);
    }

    [Fact]
    [Clause("API", Should, "implementations SHOULD follow the HTTP semantics defined in RFC 9110")]
    public async Task Get_WithATargetInAbsoluteForm_IsAnswered()
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await Registry.SendRawAsync("GET", $"http://{Registry.Address.Authority}{repository.ManifestPath("v1")}")).Expect(200);
    }
}
