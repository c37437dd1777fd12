namespace GeoRegistry.FrontDoor.Tests.Uploading;

[Endpoint("end-11")]
public sealed class MountTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Mounting a blob from another repository";

    [Fact]
    [Clause(
        Section,
        Must,
        "The response to a successful mount MUST be 201 Created, and MUST contain the following header: Location: <blob-location>")]
    public async Task Post_FromARepositoryThatHoldsIt_Answers201WithAPullableLocation()
    {
        var (source, target) = (NewRepository(), NewRepository());
        var blob = await source.PushBlobAsync();
        var answer = (await target.PostUploadAsync($"?mount={blob.Digest}&from={source.Name}")).Expect(201).ExpectHeader(
            "Docker-Content-Digest", blob.Digest);
        Assert.Contains(target.Name, answer.Location, StringComparison.Ordinal);
        Assert.Equal(blob.Bytes, (await Registry.GetAsync(answer.Location)).Expect(200).Body);
    }

    [Fact]
    [Clause(
        Section,
        Must,
        "The response to a successful mount MUST be 201 Created, and MUST contain the following header: Location: <blob-location>")]
    public async Task Post_OfASha512Blob_Answers201()
    {
        var (source, target) = (NewRepository(), NewRepository());
        var blob = Blob.Random();
        (await source.PostUploadAsync($"?digest={blob.Sha512}", Body.Of(blob.Bytes))).Expect(201);
        (await target.PostUploadAsync($"?mount={blob.Sha512}&from={source.Name}")).Expect(201);
        Assert.Equal(blob.Bytes, (await target.GetBlobAsync(blob.Sha512)).Expect(200).Body);
    }

    [Fact]
    [Clause(Section, May, "The registry MAY treat the from parameter as optional, and it MAY cross-mount the blob if it can be found")]
    public async Task Post_WithoutFrom_MountsWhatSomeRepositoryHolds()
    {
        var blob = await NewRepository().PushBlobAsync();
        var mounted = 0;

        // A region looks for it in its own repositories only: what others have may be theirs alone. Each of several is asked in turn.
        for (var region = 0; region < RegistryFixture.RegionCount; region++)
        {
            var target = NewRepository();
            var answer = await target.PostUploadAsync($"?mount={blob.Digest}");
            if (answer.Status == 201) mounted++;
            else answer.Expect(RegistryFixture.IsSeveralRegions ? 202 : 201);
            (await target.HeadBlobAsync(blob.Digest)).Expect(answer.Status == 201 ? 200 : 404);
        }

        Assert.True(mounted > 0, "No region mounted the blob, not even the one that it was pushed to.");
    }

    [Fact]
    [Clause(Section, Should, "is unable to mount the requested blob, it SHOULD return a 202")]
    public async Task Post_WithoutFromOfWhatNobodyHolds_StartsAnUpload()
    {
        var (blob, target) = (Blob.Random(), NewRepository());
        await AssertUploadStartedAsync(target, blob, $"?mount={blob.Digest}");
    }

    [Fact]
    [Clause(Section, Should, "is unable to mount the requested blob, it SHOULD return a 202")]
    public async Task Post_FromARepositoryThatLacksIt_StartsAnUpload()
    {
        var (holder, lacking, target) = (NewRepository(), NewRepository(), NewRepository());
        var blob = await holder.PushBlobAsync();
        await lacking.PushBlobAsync();
        await AssertUploadStartedAsync(target, blob, $"?mount={blob.Digest}&from={lacking.Name}");
    }

    [Theory]
    [InlineData("conformance/never-was")]
    [InlineData("NOT-A-NAME")]
    [InlineData("..%2F..")]
    [InlineData("")]
    [Clause(Section, Should, "is unable to mount the requested blob, it SHOULD return a 202")]
    public async Task Post_FromAnUnknownOrInvalidName_StartsAnUpload(string from)
    {
        var (blob, target) = (Blob.Random(), NewRepository());
        await AssertUploadStartedAsync(target, blob, $"?mount={blob.Digest}&from={from}");
    }

    [Theory]
    [InlineData("sha256:abc")]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e")]
    [Clause(
        "Pushing blobs",
        Should,
        "if the client provided digest is invalid or uses an unsupported algorithm,"
        + " the registry SHOULD respond with a response code 400 Bad Request")]
    public async Task Post_OfAMalformedDigest_AnswersDigestInvalid(string digest)
    {
        var source = NewRepository();
        await source.PushBlobAsync();
        (await NewRepository().PostUploadAsync($"?mount={digest}&from={source.Name}")).ExpectError(400, "DIGEST_INVALID");
    }

    [Fact]
    [Clause("GeoRegistry: blobs", Promise, "A mounted blob stays when its source deletes it")]
    public async Task Delete_InTheSource_LeavesTheMountedBlob()
    {
        var (source, target) = (NewRepository(), NewRepository());
        var blob = await source.PushBlobAsync();
        (await target.PostUploadAsync($"?mount={blob.Digest}&from={source.Name}")).Expect(201);
        (await source.DeleteBlobAsync(blob.Digest)).Expect(202);
        (await source.HeadBlobAsync(blob.Digest)).Expect(404);
        Assert.Equal(blob.Bytes, (await target.GetBlobAsync(blob.Digest)).Expect(200).Body);
    }

    private async Task AssertUploadStartedAsync(RepositoryClient target, Blob blob, string query)
    {
        var session = new UploadSession(Registry, (await target.PostUploadAsync(query)).Expect(202).Location);
        (await target.HeadBlobAsync(blob.Digest)).Expect(404);
        (await session.CloseAsync(blob.Digest, blob.Bytes)).Expect(201);
    }
}
