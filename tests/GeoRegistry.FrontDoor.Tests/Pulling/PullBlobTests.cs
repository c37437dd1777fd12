namespace GeoRegistry.FrontDoor.Tests.Pulling;

[Endpoint("end-2")]
public sealed class PullBlobTests(RegistryFixture registry) : ConformanceTest(registry)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000_000)]
    [Clause(
        "Pulling blobs",
        Must,
        "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be 200 OK")]
    [Clause(
        "Pulling blobs", Must, "A successful response MUST contain the digest of the uploaded blob in the header Docker-Content-Digest")]
    [Clause("Pulling blobs", Must, "the value of this header MUST be a digest matching that of the response body")]
    public async Task Get_OfABlob_ReturnsItsBytesAndDigest(int sizeBytes)
    {
        var repository = NewRepository();
        var blob = await repository.PushBlobAsync(Blob.Random(sizeBytes));
        var answer = (await repository.GetBlobAsync(blob.Digest)).Expect(200);
        Assert.Equal(blob.Bytes, answer.Body);
        answer.ExpectHeader("Docker-Content-Digest", Blob.DigestOf(answer.Body));
    }

    [Fact]
    [Clause("GeoRegistry: blobs", Promise, "GET and HEAD carry Content-Length, ETag, Accept-Ranges and Content-Type")]
    public async Task GetAndHead_OfABlob_HaveTheSameHeaders()
    {
        var repository = NewRepository();
        var blob = await repository.PushBlobAsync();
        foreach (var answer in new[] { await repository.GetBlobAsync(blob.Digest), await repository.HeadBlobAsync(blob.Digest) })
        {
            answer.Expect(200).ExpectHeader("Content-Length", $"{blob.Bytes.Length}").ExpectHeader("Content-Type", Body.OctetStream)
                .ExpectHeader("ETag", $"\"{blob.Digest}\"").ExpectHeader("Accept-Ranges", "bytes").ExpectHeader(
                    "Docker-Content-Digest", blob.Digest);
        }
    }

    [Fact]
    [Clause("Pulling blobs", Must, "If the blob is not found in the repository, the response code MUST be 404 Not Found")]
    public async Task Get_OfAnUnknownBlob_Answers404()
    {
        var repository = NewRepository();
        await repository.PushBlobAsync();
        (await repository.GetBlobAsync(Blob.UnknownDigest())).ExpectError(404, "BLOB_UNKNOWN");
    }

    [Fact]
    [Clause("Pulling blobs", Must, "If the blob is not found in the repository, the response code MUST be 404 Not Found")]
    public async Task Get_OfAnotherRepositorysBlob_Answers404()
    {
        var (mine, other) = (NewRepository(), NewRepository());
        await mine.PushImageAsync("v1");
        var theirs = await other.PushBlobAsync();
        (await mine.GetBlobAsync(theirs.Digest)).ExpectError(404, "BLOB_UNKNOWN");
        (await mine.HeadBlobAsync(theirs.Digest)).Expect(404);
    }

    [Theory]
    [InlineData("sha256:abc")]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("latest")]
    [InlineData("")]
    [Clause("GeoRegistry: errors", Promise, "A malformed digest answers DIGEST_INVALID")]
    public async Task Get_OfAMalformedDigest_AnswersDigestInvalid(string digest)
    {
        var repository = NewRepository();
        await repository.PushBlobAsync();
        (await repository.GetBlobAsync(digest)).ExpectError(400, "DIGEST_INVALID");
        (await repository.HeadBlobAsync(digest)).Expect(400);
    }
}
