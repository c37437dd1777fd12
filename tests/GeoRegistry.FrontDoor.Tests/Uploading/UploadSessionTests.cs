using System.Text.RegularExpressions;

namespace GeoRegistry.FrontDoor.Tests.Uploading;

[Endpoint("end-4a", "end-13", "end-14")]
public sealed class UploadSessionTests(RegistryFixture registry) : ConformanceTest(registry)
{
    [Fact]
    [Clause(
        "POST then PUT",
        Must,
        "the response MUST have a code of 202 Accepted, and MUST include the following header: Location: <blob-push-location>")]
    [Clause(
        "POST then PUT", Must, "The <blob-push-location> MUST contain a UUID representing a unique session ID for the upload to follow")]
    public async Task Post_InARepository_Answers202WithALocation()
    {
        var repository = NewRepository();
        var answer = (await repository.PostUploadAsync()).Expect(202).ExpectHeader("Range", "0-0").ExpectHeader("Content-Length", "0");
        Assert.StartsWith("/v2/", answer.Location, StringComparison.Ordinal);
        Assert.True(Guid.TryParse(answer["Docker-Upload-UUID"], out var id), "Docker-Upload-UUID is no UUID.");
        Assert.Contains(id.ToString(), answer.Location, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("?digest=")]
    [InlineData("?mount=&from=")]
    [InlineData("?digest=&digest-algorithm=")]
    [Clause("GeoRegistry: uploads", Promise, "A parameter without a value is read as if it were not given")]
    public async Task Post_WithParametersWithoutAValue_StartsASession(string query)
    {
        var repository = NewRepository();
        var (blob, session) = (Blob.Random(), await repository.StartUploadAsync(query));
        (await session.CloseAsync(blob.Digest, blob.Bytes)).Expect(201);
    }

    [Fact]
    [Clause(
        "POST then PUT", Must, "The <blob-push-location> MUST contain a UUID representing a unique session ID for the upload to follow")]
    public async Task Post_Twice_StartsTwoSessions()
    {
        var repository = NewRepository();
        var (first, second) = (await repository.StartUploadAsync(), await repository.StartUploadAsync());
        Assert.NotEqual(first.Id, second.Id);
        (await first.PatchAsync([1, 2, 3])).Expect(202);
        await first.ExpectReceivedAsync(3);
        await second.ExpectReceivedAsync(0);
    }

    [Fact]
    [Clause(
        "Pushing a blob in chunks",
        Should,
        "If the registry has a minimum chunk size, the POST response SHOULD include the following header")]
    public async Task Post_WithoutAnnouncedMinimum_TakesChunksOfOneByte()
    {
        var repository = NewRepository();
        Assert.Null((await repository.PostUploadAsync()).Expect(202)["OCI-Chunk-Min-Length"]);
        var (blob, session) = (Blob.Random(3), await repository.StartUploadAsync());
        for (var i = 0; i < blob.Bytes.Length; i++) (await session.PatchAsync([blob.Bytes[i]], $"{i}-{i}")).Expect(202);
        (await session.CloseAsync(blob.Digest)).Expect(201);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [Clause(
        "Pushing a blob in chunks",
        Must,
        "The response to an active upload <blob-push-location> MUST be a 204 No Content response code,"
        + " and MUST have the following headers")]
    public async Task Get_OfASession_GivesLocationAndRange(int sizeBytes)
    {
        var session = await NewRepository().StartUploadAsync();
        if (sizeBytes > 0) (await session.PatchAsync(Blob.Random(sizeBytes).Bytes)).Expect(202);
        var answer = (await session.StatusAsync()).Expect(204).ExpectHeader("Range", $"0-{Math.Max(0, sizeBytes - 1)}");
        Assert.Contains(session.Id, answer.Location, StringComparison.Ordinal);
        Assert.Empty(answer.Body);
    }

    [Fact]
    [Clause("Pushing a blob in chunks", Should, "The following chunk upload SHOULD use the <blob-push-location> provided in the response")]
    public async Task Get_OfASession_GivesALocationThatTakesTheRest()
    {
        var repository = NewRepository();
        var (blob, session) = (Blob.Random(20), await repository.StartUploadAsync());
        (await session.PatchAsync(blob.Bytes[..10])).Expect(202);
        var resumed = new UploadSession(Registry, (await session.StatusAsync()).Expect(204).Location);
        (await resumed.PatchAsync(blob.Bytes[10..], "10-19")).Expect(202);
        (await resumed.CloseAsync(blob.Digest)).Expect(201);
    }

    [Fact]
    [Clause("Cancel a blob upload", Should, "If successful, the response SHOULD be a 204 No Content response code")]
    public async Task Delete_OfASession_EndsIt()
    {
        var repository = NewRepository();
        var (blob, session) = (Blob.Random(), await repository.StartUploadAsync());
        (await session.PatchAsync(blob.Bytes)).Expect(202);
        (await session.CancelAsync()).Expect(204);
        await AssertUnknownAsync(session);
        (await repository.HeadBlobAsync(blob.Digest)).Expect(404);
    }

    [Fact]
    [Clause("Pushing a blob in chunks", Must, "the session MUST be closed with a PUT request")]
    public async Task Put_OfTheDigest_EndsTheSession()
    {
        var (blob, session) = (Blob.Random(), await NewRepository().StartUploadAsync());
        (await session.CloseAsync(blob.Digest, blob.Bytes)).Expect(201);
        await AssertUnknownAsync(session);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Clause("GeoRegistry: uploads", Promise, "The closing PUT can be repeated after its answer was lost")]
    public async Task Put_AgainAfterTheSessionEnded_IsAnsweredAsTheFirstTime(bool bodyIsEmpty)
    {
        var (blob, session) = (Blob.Random(), await NewRepository().StartUploadAsync());
        if (bodyIsEmpty) (await session.PatchAsync(blob.Bytes)).Expect(202);
        var body = bodyIsEmpty ? null : blob.Bytes;
        var first = (await session.CloseAsync(blob.Digest, body)).Expect(201);

        var second = (await session.CloseAsync(blob.Digest, body)).Expect(201);

        Assert.Equal((first.Location, first["Docker-Content-Digest"]), (second.Location, second["Docker-Content-Digest"]));
    }

    [Fact]
    [Clause("GeoRegistry: uploads", Promise, "An unknown session is 404 BLOB_UPLOAD_UNKNOWN")]
    public async Task AnyMethod_OnAnUnknownSession_AnswersUploadUnknown()
    {
        var session = await NewRepository().StartUploadAsync();
        await AssertUnknownAsync(Renamed(session, Guid.NewGuid().ToString()));
        (await session.StatusAsync()).Expect(204);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("not-a-session")]
    [InlineData("%20")]
    [InlineData("00000000-0000-0000-0000-00000000000g")]
    [InlineData("..%2f..%2fblobs")]
    [Clause("GeoRegistry: uploads", Promise, "A malformed session id is 404 BLOB_UPLOAD_UNKNOWN")]
    public async Task AnyMethod_OnAMalformedSession_AnswersUploadUnknown(string id) =>
        await AssertUnknownAsync(Renamed(await NewRepository().StartUploadAsync(), id));

    [Fact]
    [Clause("GeoRegistry: uploads", Promise, "A session is unknown through another repository's path")]
    public async Task AnyMethod_ThroughAnotherRepository_AnswersUploadUnknown()
    {
        var (mine, other) = (NewRepository(), NewRepository());
        await other.PushBlobAsync();
        var session = await mine.StartUploadAsync();
        (await session.PatchAsync([1, 2, 3])).Expect(202);
        await AssertUnknownAsync(new UploadSession(Registry, session.Location.Replace(mine.Name, other.Name, StringComparison.Ordinal)));
        await session.ExpectReceivedAsync(3);
    }

    private UploadSession Renamed(UploadSession session, string id) =>
        new(Registry, Regex.Replace(session.Location, Regex.Escape(session.Id), id));

    private static async Task AssertUnknownAsync(UploadSession session)
    {
        await session.ExpectGoneAsync();
        (await session.PatchAsync([1])).ExpectError(404, "BLOB_UPLOAD_UNKNOWN");
        (await session.CloseAsync(Blob.DigestOf([1]), [1])).ExpectError(404, "BLOB_UPLOAD_UNKNOWN");
        (await session.CancelAsync()).ExpectError(404, "BLOB_UPLOAD_UNKNOWN");
    }
}
