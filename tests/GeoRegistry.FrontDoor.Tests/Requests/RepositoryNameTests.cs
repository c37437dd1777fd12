namespace GeoRegistry.FrontDoor.Tests.Requests;

public sealed class RepositoryNameTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Rule =
        "Throughout this document, <name> MUST match the following regular expression:"
        + " [a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*";

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("/0/1/2")]
    [InlineData("/a.b_c__d-e---f")]
    [InlineData("/blobs")]
    [InlineData("/manifests")]
    [InlineData("/uploads")]
    [InlineData("/tags/list")]
    [InlineData("/blobs/uploads")]
    [InlineData("/manifests/tags/referrers")]
    [InlineData("/referrers/v2")]
    [Clause("Pulling manifests", Must, Rule)]
    public async Task EveryRoute_WithAValidName_Works(string suffix)
    {
        var repository = NewRepository(suffix);
        var image = await repository.PushImageAsync("v1");
        var blob = await repository.PushBlobAsync();
        Assert.Equal(image.Bytes, (await repository.GetManifestAsync("v1")).Expect(200).Body);
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest)).Expect(200).Body);
        Assert.Equal(["v1"], await repository.TagsAsync());
        (await repository.GetAsync($"referrers/{image.Digest}")).Expect(200);
        (await (await repository.StartUploadAsync()).CancelAsync()).Expect(204);
        (await repository.DeleteBlobAsync(blob.Digest)).Expect(202);
        (await repository.DeleteManifestAsync(image.Digest)).Expect(202);
    }

    [Fact]
    [Clause("Pulling manifests", Must, Rule)]
    public async Task Push_ToANameOfOneComponent_Works()
    {
        var repository = new RepositoryClient(Registry, $"r{Guid.NewGuid():n}");
        await repository.PushImageAsync("v1");
        Assert.Equal(["v1"], await repository.TagsAsync());
    }

    [Theory]
    [InlineData(255, 202)]
    [InlineData(256, 400)]
    [Clause("Pulling manifests", Promise, "Many clients impose a limit of 255 characters")]
    public async Task Post_ToANameOfThisLength_AnswersAsDue(int length, int status)
    {
        var name = NewRepository("/").Name;
        var repository = new RepositoryClient(Registry, name + new string('a', length - name.Length));
        (await repository.PostUploadAsync()).Expect(status);
    }

    public static TheoryData<string> InvalidNames =>
    [
        "A", "conformance/Upper", "a/.b", "a/b.", "a/-b", "a/b-", "a/_b", "a/b_", "a/b___c", "a/b..c", "a/b._c", "a/b_.c", "a/b-.c",
        "a//b", "a/", "a%20b", "a/b~c", "a:b", "a@b", "%C3%A4",
        $"a/{new string('b', 254)}",
    ];

    [Theory]
    [MemberData(nameof(InvalidNames))]
    [Clause("Pulling manifests", Must, Rule)]
    public async Task EveryRoute_WithAnInvalidName_AnswersNameInvalid(string name)
    {
        var digest = Blob.UnknownDigest();
        string[] requests =
        [
            "GET manifests/v1", $"GET blobs/{digest}", "GET tags/list", $"GET referrers/{digest}", "POST blobs/uploads/",
            "PUT manifests/v1", "DELETE manifests/v1", $"DELETE blobs/{digest}", $"GET blobs/uploads/{Guid.NewGuid()}",
        ];
        foreach (var request in requests.Select(r => r.Split(' ')))
        {
            var answer = await Registry.SendRawAsync(
                request[0], $"/v2/{name}/{request[1]}", request[0] is "PUT" or "POST" ? "Content-Length: 0\r\n" : "");
            answer.ExpectError(400, "NAME_INVALID");
        }

        (await Registry.SendRawAsync("HEAD", $"/v2/{name}/manifests/v1")).Expect(400);
    }
}
