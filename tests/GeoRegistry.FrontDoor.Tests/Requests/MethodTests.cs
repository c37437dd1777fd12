namespace GeoRegistry.FrontDoor.Tests.Requests;

public sealed class MethodTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string SomeDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    [Theory]
    [InlineData("POST", "/v2/", "GET")]
    [InlineData("DELETE", "/v2/", "GET")]
    [InlineData("POST", "/v2/{0}/manifests/v1", "GET HEAD PUT DELETE")]
    [InlineData("PATCH", "/v2/{0}/manifests/v1", "GET HEAD PUT DELETE")]
    [InlineData("PUT", "/v2/{0}/blobs/" + SomeDigest, "GET HEAD DELETE")]
    [InlineData("POST", "/v2/{0}/blobs/" + SomeDigest, "GET HEAD DELETE")]
    [InlineData("GET", "/v2/{0}/blobs/uploads/", "POST")]
    [InlineData("PUT", "/v2/{0}/blobs/uploads/", "POST")]
    [InlineData("POST", "/v2/{0}/blobs/uploads/{1}", "GET PATCH PUT DELETE")]
    [InlineData("PUT", "/v2/{0}/tags/list", "GET")]
    [InlineData("DELETE", "/v2/{0}/tags/list", "GET")]
    [InlineData("POST", "/v2/{0}/referrers/" + SomeDigest, "GET")]
    [InlineData("DELETE", "/v2/_catalog", "GET")]
    [InlineData("BREW", "/v2/{0}/manifests/v1", "GET HEAD PUT DELETE")]
    [Clause("API", Should, "implementations SHOULD follow the HTTP semantics defined in RFC 9110")]
    [Clause("GeoRegistry: errors", Promise, "An unknown method on a known route answers 405 UNSUPPORTED with Allow")]
    public async Task UnknownMethod_OnAKnownRoute_Answers405WithAllow(string method, string target, string allowed)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        target = target.Replace("{0}", repository.Name, StringComparison.Ordinal).Replace(
            "{1}", Guid.NewGuid().ToString(), StringComparison.Ordinal);
        var answer = await Registry.SendAsync(new HttpMethod(method), target, null);
        answer.ExpectError(405, "UNSUPPORTED");
        var allow = answer.All("Allow").SelectMany(line => line.Split(',', StringSplitOptions.TrimEntries)).ToHashSet();
        Assert.Superset(allowed.Split(' ').ToHashSet(), allow);
        Assert.DoesNotContain(method, allow);
    }

    [Fact]
    [Clause("API", Should, "implementations SHOULD follow the HTTP semantics defined in RFC 9110")]
    public async Task Head_OfWhateverCanBeGot_AnswersItsHeadersWithoutBody()
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        var session = await repository.StartUploadAsync();
        string[] targets =
        [
            "/v2/", "/v2/_catalog?n=1", $"/v2/{repository.Name}/tags/list",
            $"/v2/{repository.Name}/manifests/v1", $"/v2/{repository.Name}/manifests/none",
            $"/v2/{repository.Name}/referrers/{SomeDigest}", $"/v2/{repository.Name}/blobs/{SomeDigest}", session.Location,
        ];
        foreach (var target in targets)
        {
            var got = await Registry.GetAsync(target);
            var headed = (await Registry.SendAsync(Head, target, null)).Expect(got.Status);
            Assert.Empty(headed.Body);
            foreach (var name in new[] { "Content-Type", "Content-Length", "Range", "Link" })
                Assert.Equal(got.All(name), headed.All(name));
        }
    }

    [Theory]
    [InlineData("/v2/unknown")]
    [InlineData("/v2/{0}/unknown")]
    [InlineData("/v2/{0}")]
    [InlineData("/v2/{0}/manifests")]
    [InlineData("/v2/{0}/manifests/")]
    [InlineData("/v2/{0}/tags")]
    [InlineData("/v2/{0}/tags/lists")]
    [InlineData("/v2/_unknown")]
    [Clause("GeoRegistry: errors", Promise, "Unknown routes answer 404 with an error body")]
    public async Task Get_OfAnUnknownRoute_Answers404WithAnErrorBody(string target)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        var answer = (await Registry.GetAsync(target.Replace("{0}", repository.Name, StringComparison.Ordinal))).Expect(404);
        Assert.NotEqual(0, answer.Json.GetProperty("errors").GetArrayLength());
    }
}
