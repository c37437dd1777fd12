namespace GeoRegistry.FrontDoor.Tests.Requests;

public sealed class TransferTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "GeoRegistry: transfer";
    private const string ChunkedBodies = "Bodies with Transfer-Encoding: chunked are accepted everywhere";

    private static readonly (string, string) AnyEncoding = ("Accept-Encoding", "gzip, deflate, br, zstd");

    [Fact]
    [Clause(Section, Promise, ChunkedBodies)]
    public async Task PatchAndPut_OfABodyOfUnknownLength_AreAccepted()
    {
        var repository = NewRepository();
        var (blob, session) = (Blob.Random(300_000), await repository.StartUploadAsync());
        (await session.PatchAsync(Body.Chunked(blob.Bytes[..100_000]))).Expect(202).ExpectHeader("Range", "0-99999");
        (await session.PatchAsync(Body.Chunked(blob.Bytes[100_000..200_000]), "100000-199999")).Expect(202)
            .ExpectHeader("Range", "0-199999");
        (await session.CloseAsync(blob.Digest, Body.Chunked(blob.Bytes[200_000..]))).Expect(201);
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest)).Expect(200).Body);
    }

    [Fact]
    [Clause(Section, Promise, ChunkedBodies)]
    public async Task Post_OfABodyOfUnknownLength_IsAccepted()
    {
        var repository = NewRepository();
        var blob = Blob.Random(300_000);
        (await repository.PostUploadAsync($"?digest={blob.Digest}", Body.Chunked(blob.Bytes))).Expect(201);
        (await repository.PostUploadAsync("", Body.Chunked([]))).Expect(202);
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest)).Expect(200).Body);
    }

    [Fact]
    [Clause(Section, Promise, ChunkedBodies)]
    public async Task PutManifest_OfABodyOfUnknownLength_IsAccepted()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.SendAsync(Put, "manifests/v1", Body.Chunked(image.Bytes, image.MediaType))).Expect(201);
        Assert.Equal(image.Bytes, (await repository.GetManifestAsync("v1")).Expect(200).Body);
    }

    [Fact]
    [Clause("API", Should, "implementations SHOULD follow the HTTP semantics defined in RFC 9110")]
    public async Task Put_ThatExpects100Continue_IsAccepted()
    {
        var (blob, session) = (Blob.Random(), await NewRepository().StartUploadAsync());
        var target = session.WithQuery($"digest={blob.Digest}");
        (await Registry.SendAsync(Put, target, Body.Of(blob.Bytes), ("Expect", "100-continue"))).Expect(201);
    }

    [Theory]
    [InlineData("Content-Length: 0\r\n", 202)]
    [InlineData("", 400)]
    [Clause(Section, Promise, "Over HTTP/1.0 a POST or PUT has a length, be it 0; a chunked body has none there")]
    public async Task Post_OverHttp10_NeedsALength(string length, int status)
    {
        await using var connection = await Registry.ConnectAsync();
        await connection.WriteAsync($"POST {NewRepository().Path("blobs/uploads/")} HTTP/1.0\r\nHost: x\r\n{length}\r\n");
        (await connection.ReadAnswerAsync("POST over HTTP/1.0")).Expect(status);
    }

    [Fact]
    [Clause(Section, Promise, "Responses are never compressed")]
    public async Task Get_WithAnyAcceptEncoding_ReturnsTheBytesThemselves()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1", manifest => manifest["x"] = new string('a', 50_000));
        var blob = await repository.PushBlobAsync(Blob.Of(new string('b', 50_000)));
        Assert.Equal(image.Bytes, (await repository.GetManifestAsync("v1", AnyEncoding)).Expect(200).Body);
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest, AnyEncoding)).Expect(200).Body);
        foreach (var rest in new[] { "tags/list", $"referrers/{image.Digest}" })
        {
            var answer = (await repository.GetAsync(rest, AnyEncoding)).Expect(200);
            Assert.Null(answer["Content-Encoding"]);
            Assert.Equal((byte)'{', answer.Body[0]);
        }
    }

    [Fact]
    [Clause("API", Should, "implementations SHOULD follow the HTTP semantics defined in RFC 9110")]
    public async Task Requests_OnOneConnection_AreAnsweredInTurn()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        await using var connection = await Registry.ConnectAsync();
        var get = $"GET {repository.ManifestPath("v1")} HTTP/1.1\r\nHost: {Registry.Address.Authority}\r\n\r\n";
        await connection.WriteAsync(get + get.Replace("v1 ", "v2 ", StringComparison.Ordinal) + get);
        Assert.Equal(image.Bytes, (await connection.ReadAnswerAsync("GET v1")).Expect(200).Body);
        (await connection.ReadAnswerAsync("GET v2")).ExpectError(404, "MANIFEST_UNKNOWN");
        Assert.Equal(image.Bytes, (await connection.ReadAnswerAsync("GET v1 again")).Expect(200).Body);
    }
}
