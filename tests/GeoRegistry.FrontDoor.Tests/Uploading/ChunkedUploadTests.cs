namespace GeoRegistry.FrontDoor.Tests.Uploading;

[Endpoint("end-5", "end-6")]
public sealed class ChunkedUploadTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Pushing a blob in chunks";
    private const string OutOfOrder =
        "If a chunk is uploaded out of order, the registry MUST respond with a 416 Requested Range Not Satisfiable code";
    private const string FinalOutOfOrder =
        "If the final chunk is uploaded out of order, the registry MUST respond with a 416 Requested Range Not Satisfiable code";

    private readonly Blob _blob = Blob.Random(30);

    [Fact]
    [Clause(
        Section,
        Must,
        "The response for each successful chunk upload MUST be 202 Accepted,"
        + " and MUST have the following headers: Location: <blob-push-location> Range: 0-<end-of-range>")]
    [Clause(
        Section, Must, "Chunks MUST be uploaded in order, with the first byte of a chunk being the last chunk's <end-of-range> plus one")]
    public async Task Patch_InOrder_AnswersEachWithLocationAndRange()
    {
        var session = await NewRepository().StartUploadAsync();
        foreach (var first in new[] { 0, 10, 20 })
        {
            var answer = await session.PatchAsync(_blob.Bytes[first..(first + 10)], $"{first}-{first + 9}");
            answer.Expect(202).ExpectHeader("Range", $"0-{first + 9}").ExpectHeader("Docker-Upload-UUID", session.Id);
            Assert.StartsWith("/v2/", answer.Location, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Clause(
        Section,
        Must,
        "The response to a successful closing of the session MUST be 201 Created,"
        + " and MUST contain the following header: Location: <blob-location>")]
    public async Task Put_AfterTheLastChunk_Answers201WithAPullableLocation()
    {
        var session = await NewRepository().StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..20], "0-19")).Expect(202);
        (await session.PatchAsync(_blob.Bytes[20..], "20-29")).Expect(202);
        var answer = (await session.CloseAsync(_blob.Digest)).Expect(201).ExpectHeader("Docker-Content-Digest", _blob.Digest);
        Assert.Equal(_blob.Bytes, (await Registry.GetAsync(answer.Location)).Expect(200).Body);
    }

    [Theory]
    [InlineData("20-29")]
    [InlineData(null)]
    [Clause(Section, May, "The final chunk MAY be uploaded using a PATCH request or it MAY be uploaded in the closing PUT request")]
    public async Task Put_WithTheLastChunk_Answers201(string? contentRange)
    {
        var repository = NewRepository();
        var session = await repository.StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..20], "0-19")).Expect(202);
        (await session.CloseAsync(_blob.Digest, _blob.Bytes[20..], contentRange)).Expect(201);
        Assert.Equal(_blob.Bytes, (await repository.GetBlobAsync(_blob.Digest)).Expect(200).Body);
    }

    [Fact]
    [Clause("GeoRegistry: uploads", Promise, "A chunk without Content-Range is appended")]
    public async Task Patch_WithoutContentRange_Appends()
    {
        var repository = NewRepository();
        var session = await repository.StartUploadAsync();
        (await session.PatchAsync(Body.Chunked(_blob.Bytes[..7]))).Expect(202).ExpectHeader("Range", "0-6");
        (await session.PatchAsync(_blob.Bytes[7..20])).Expect(202).ExpectHeader("Range", "0-19");
        (await session.PatchAsync(_blob.Bytes[20..], "20-29")).Expect(202).ExpectHeader("Range", "0-29");
        (await session.CloseAsync(_blob.Digest)).Expect(201);
        Assert.Equal(_blob.Bytes, (await repository.GetBlobAsync(_blob.Digest)).Expect(200).Body);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [Clause(Section, Must, "The first chunk's range MUST begin with 0")]
    public async Task Patch_FirstChunkNotAtZero_Answers416AndTheSessionStays(int first)
    {
        var session = await NewRepository().StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..10], $"{first}-{first + 9}")).Expect(416);
        await session.ExpectReceivedAsync(0);
        await FinishAsync(session, from: 0);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(9)]
    [InlineData(0)]
    [InlineData(1_000_000)]
    [Clause(Section, Must, OutOfOrder)]
    [Clause(
        Section,
        Must,
        "The response to an active upload <blob-push-location> MUST be a 204 No Content response code,"
        + " and MUST have the following headers")]
    public async Task Patch_OutOfOrder_Answers416AndTheSessionStays(int first)
    {
        var session = await NewRepository().StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..10], "0-9")).Expect(202);
        var answer = (await session.PatchAsync(_blob.Bytes[10..20], $"{first}-{first + 9}")).Expect(416);
        answer.ExpectHeader("Range", "0-9").ExpectHeader("Docker-Upload-UUID", session.Id[^36..]);
        Assert.Contains(session.Id, answer.Location, StringComparison.Ordinal);
        await session.ExpectReceivedAsync(10);
        await FinishAsync(session, from: 10);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(9)]
    [InlineData(0)]
    [Clause(Section, Must, FinalOutOfOrder)]
    public async Task Put_WithTheLastChunkOutOfOrder_Answers416AndTheSessionStays(int first)
    {
        var session = await NewRepository().StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..10], "0-9")).Expect(202);
        (await session.CloseAsync(_blob.Digest, _blob.Bytes[10..], $"{first}-{first + 19}")).Expect(416);
        await session.ExpectReceivedAsync(10);
        await FinishAsync(session, from: 10);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0-")]
    [InlineData("-9")]
    [InlineData("a-b")]
    [InlineData("0-9/10")]
    [InlineData("bytes 0-9/10")]
    [InlineData("0 - 9")]
    [InlineData("0-9,10-19")]
    [InlineData("0--9")]
    [Clause(Section, Must, "It MUST match the following regular expression: ^[0-9]+-[0-9]+$")]
    public async Task Patch_WithAMalformedContentRange_AnswersUploadInvalidAndTheSessionStays(string contentRange)
    {
        var session = await NewRepository().StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..10], contentRange)).ExpectError(400, "BLOB_UPLOAD_INVALID");
        (await session.CloseAsync(_blob.Digest, _blob.Bytes, contentRange)).ExpectError(400, "BLOB_UPLOAD_INVALID");
        await session.ExpectReceivedAsync(0);
        await FinishAsync(session, from: 0);
    }

    [Theory]
    [InlineData("10-18", false)]
    [InlineData("10-20", false)]
    [InlineData("10-18", true)]
    [InlineData("10-20", true)]
    [Clause(Section, Must, "The <range> refers to the byte range of the chunk, and MUST be inclusive on both ends")]
    [Clause("GeoRegistry: uploads", Promise, "A Content-Range of another length than the body answers SIZE_INVALID and changes nothing")]
    public async Task PatchAndPut_WithARangeOfAnotherLength_AnswerSizeInvalidAndTheSessionStays(string contentRange, bool lengthUnknown)
    {
        var session = await NewRepository().StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..10], "0-9")).Expect(202);
        (await session.PatchAsync(Chunk(_blob.Bytes[10..20]), contentRange)).ExpectError(400, "SIZE_INVALID");
        await session.ExpectReceivedAsync(10);
        (await session.CloseAsync(_blob.Digest, Chunk(_blob.Bytes[10..20]), contentRange)).ExpectError(400, "SIZE_INVALID");
        await session.ExpectReceivedAsync(10);
        await FinishAsync(session, from: 10);

        HttpContent Chunk(byte[] bytes) => lengthUnknown ? Body.Chunked(bytes) : Body.Of(bytes);
    }

    [Theory]
    [InlineData("99999999999999999999-100000000000000000008", 416)]
    [InlineData("9223372036854775807-9223372036854775807", 416)]
    [InlineData("0-99999999999999999999", 400)]
    [InlineData("0-9223372036854775807", 400)]
    [Clause(Section, Must, OutOfOrder)]
    public async Task Patch_WithARangeBeyondAllNumbers_IsOutOfOrderOrOfAnotherLengthAndTheSessionStays(string contentRange, int status)
    {
        var session = await NewRepository().StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..10], contentRange)).ExpectError(
            status, status == 416 ? "BLOB_UPLOAD_INVALID" : "SIZE_INVALID");
        await session.ExpectReceivedAsync(0);
        await FinishAsync(session, from: 0);
    }

    [Fact]
    [Clause(
        Section, Must, "The closing PUT request MUST include the <digest> of the whole blob (not the final chunk) as a query parameter")]
    public async Task Put_WithTheLastChunksDigest_AnswersDigestInvalid()
    {
        var session = await NewRepository().StartUploadAsync();
        (await session.PatchAsync(_blob.Bytes[..20])).Expect(202);
        (await session.CloseAsync(Blob.DigestOf(_blob.Bytes.AsSpan(20)), _blob.Bytes[20..])).ExpectError(400, "DIGEST_INVALID");
        await session.ExpectGoneAsync();
    }

    private async Task FinishAsync(UploadSession session, int from)
    {
        (await session.PatchAsync(_blob.Bytes[from..], $"{from}-29")).Expect(202).ExpectHeader("Range", "0-29");
        (await session.CloseAsync(_blob.Digest)).Expect(201).ExpectHeader("Docker-Content-Digest", _blob.Digest);
    }
}
