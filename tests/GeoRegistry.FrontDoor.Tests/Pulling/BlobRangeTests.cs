namespace GeoRegistry.FrontDoor.Tests.Pulling;

[Endpoint("end-2")]
public sealed class BlobRangeTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Ranges = "A registry SHOULD support the Range request header in accordance with RFC 9110 (section 14)";

    private const int Size = 2048;

    [Theory]
    [InlineData("bytes=500-1499", 500, 1499)]
    [InlineData("bytes=0-0", 0, 0)]
    [InlineData("bytes=2047-2047", 2047, 2047)]
    [InlineData("bytes=0-", 0, 2047)]
    [InlineData("bytes=500-", 500, 2047)]
    [InlineData("bytes=-500", 1548, 2047)]
    [InlineData("bytes=-5000", 0, 2047)]
    [InlineData("bytes=2000-5000", 2000, 2047)]
    [Clause("Pulling blobs", Should, Ranges)]
    public async Task Get_WithARange_ReturnsThatPart(string range, int first, int last)
    {
        var (repository, blob) = await BlobAsync();
        var answer = (await repository.GetBlobAsync(blob.Digest, ("Range", range))).Expect(206);
        answer.ExpectHeader("Content-Range", $"bytes {first}-{last}/{Size}").ExpectHeader("Content-Length", $"{last - first + 1}");
        Assert.Equal(blob.Bytes[first..(last + 1)], answer.Body);
    }

    [Theory]
    [InlineData("bytes=2048-")]
    [InlineData("bytes=5000-10000")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=500-0")]
    [Clause("Pulling blobs", Should, Ranges)]
    public async Task Get_WithARangeThatCannotBe_Answers416(string range)
    {
        var (repository, blob) = await BlobAsync();
        (await repository.GetBlobAsync(blob.Digest, ("Range", range))).Expect(416).ExpectHeader("Content-Range", $"bytes */{Size}");
    }

    [Fact]
    [Clause("GeoRegistry: errors", Promise, "No cache may keep an error, and it has nothing of the content's description")]
    public async Task Get_WithARangeThatCannotBe_IsNotDescribedAsTheBlob()
    {
        var (repository, blob) = await BlobAsync();
        var answer = (await repository.GetBlobAsync(blob.Digest, ("Range", $"bytes={Size}-"))).Expect(416).ExpectHeader(
            "Cache-Control", "no-store");
        Assert.Null(answer["ETag"]);
        Assert.Null(answer["Docker-Content-Digest"]);
        (await repository.GetBlobAsync(blob.Digest)).Expect(200)
            .ExpectHeader("Cache-Control", "public, max-age=31536000, immutable")
            .ExpectHeader("ETag", $"\"{blob.Digest}\"");
    }

    [Theory]
    [InlineData("bytes=0-1,5-9")]
    [InlineData("bytes=0-1, -5")]
    [InlineData("lines=0-1")]
    [Clause("Pulling blobs", Should, Ranges)]
    public async Task Get_WithSeveralRangesOrAnotherUnit_ReturnsTheWhole(string range)
    {
        var (repository, blob) = await BlobAsync();
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest, ("Range", range))).Expect(200).Body);
    }

    [Fact]
    [Clause("Pulling blobs", Should, Ranges)]
    public async Task Get_IfRangeNamesTheBlob_ReturnsThePart()
    {
        var (repository, blob) = await BlobAsync();
        var answer = await repository.GetBlobAsync(blob.Digest, ("Range", "bytes=10-19"), ("If-Range", $"\"{blob.Digest}\""));
        Assert.Equal(blob.Bytes[10..20], answer.Expect(206).Body);
    }

    [Theory]
    [InlineData("\"sha256:other\"")]
    [InlineData("W/\"{0}\"")]
    [InlineData("Wed, 21 Oct 2015 07:28:00 GMT")]
    [Clause("Pulling blobs", Should, Ranges)]
    public async Task Get_IfRangeNamesSomethingElse_ReturnsTheWhole(string condition)
    {
        var (repository, blob) = await BlobAsync();
        var ifRange = ("If-Range", condition.Replace("{0}", blob.Digest, StringComparison.Ordinal));
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest, ("Range", "bytes=10-19"), ifRange)).Expect(200).Body);
    }

    [Fact]
    [Clause("Pulling blobs", Should, Ranges)]
    public async Task Get_OfAnEmptyBlobWithARange_Answers416()
    {
        var repository = NewRepository();
        var empty = await repository.PushBlobAsync(Blob.Of(""));
        (await repository.GetBlobAsync(empty.Digest, ("Range", "bytes=0-"))).Expect(416).ExpectHeader("Content-Range", "bytes */0");
    }

    [Fact]
    [Clause("Pulling blobs", Should, Ranges)]
    public async Task Head_WithARange_AnswersForTheWhole()
    {
        var (repository, blob) = await BlobAsync();
        (await repository.SendAsync(Head, $"blobs/{blob.Digest}", null, ("Range", "bytes=10-19"))).Expect(200).ExpectHeader(
            "Content-Length", $"{Size}");
    }

    private async Task<(RepositoryClient Repository, Blob Blob)> BlobAsync()
    {
        var repository = NewRepository();
        return (repository, await repository.PushBlobAsync(Blob.Random(Size)));
    }
}
