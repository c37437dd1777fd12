namespace GeoRegistry.FrontDoor.Tests.Management;

[Endpoint("end-10")]
public sealed class DeleteBlobTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Deleting Blobs";

    [Fact]
    [Clause(Section, Must, "Upon success, the registry MUST respond with code 202 Accepted")]
    public async Task Delete_OfABlob_Answers202AndItIsGone()
    {
        var repository = NewRepository();
        var blob = await repository.PushBlobAsync();
        (await repository.DeleteBlobAsync(blob.Digest)).Expect(202);
        (await repository.GetBlobAsync(blob.Digest)).ExpectError(404, "BLOB_UNKNOWN");
        (await repository.HeadBlobAsync(blob.Digest)).Expect(404);
    }

    [Fact]
    [Clause(Section, Must, "If the blob is not found, a 404 Not Found code MUST be returned")]
    public async Task Delete_OfAnUnknownBlob_AnswersBlobUnknown()
    {
        var (repository, other) = (NewRepository(), NewRepository());
        var blob = await repository.PushBlobAsync();
        var theirs = await other.PushBlobAsync();
        (await repository.DeleteBlobAsync(Blob.UnknownDigest())).ExpectError(404, "BLOB_UNKNOWN");
        (await repository.DeleteBlobAsync(theirs.Digest)).ExpectError(404, "BLOB_UNKNOWN");
        (await repository.DeleteBlobAsync(blob.Digest)).Expect(202);
        (await repository.DeleteBlobAsync(blob.Digest)).ExpectError(404, "BLOB_UNKNOWN");
        (await other.HeadBlobAsync(theirs.Digest)).Expect(200);
    }

    [Theory]
    [InlineData("sha256:abc")]
    [InlineData("latest")]
    [Clause("GeoRegistry: errors", Promise, "A malformed digest answers DIGEST_INVALID")]
    public async Task Delete_OfAMalformedDigest_AnswersDigestInvalid(string digest)
    {
        var repository = NewRepository();
        await repository.PushBlobAsync();
        (await repository.DeleteBlobAsync(digest)).ExpectError(400, "DIGEST_INVALID");
    }

    [Fact]
    [Clause("GeoRegistry: blobs", Promise, "Blobs are per repository: deleted in one, the other still serves it")]
    public async Task Delete_InOneRepository_LeavesItInTheOther()
    {
        var (repository, other) = (NewRepository(), NewRepository());
        var blob = await repository.PushBlobAsync();
        await other.PushBlobAsync(blob);
        (await repository.DeleteBlobAsync(blob.Digest)).Expect(202);
        Assert.Equal(blob.Bytes, (await other.GetBlobAsync(blob.Digest)).Expect(200).Body);
        (await repository.GetBlobAsync(blob.Digest)).ExpectError(404, "BLOB_UNKNOWN");
    }

    [Fact]
    [Clause("GeoRegistry: blobs", Promise, "A blob that is deleted can be pushed again")]
    public async Task Delete_OfABlob_LetsItBePushedAgain()
    {
        var repository = NewRepository();
        var blob = await repository.PushBlobAsync();
        (await repository.DeleteBlobAsync(blob.Digest)).Expect(202);
        await repository.PushBlobAsync(blob);
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest)).Expect(200).Body);
    }

    [Fact]
    [Clause("GeoRegistry: deletion", Promise, "A blob that a manifest refers to is not deleted: 405 DENIED, naming the manifest")]
    public async Task Delete_OfABlobThatAManifestRefersTo_IsDeniedUntilTheManifestGoes()
    {
        var repository = NewRepository();
        var (config, layer) = (await repository.PushBlobAsync(Blob.Config()), await repository.PushBlobAsync());
        var image = await repository.PushAsync(ManifestContent.Image(config, [layer]), "v1");
        foreach (var blob in new[] { config, layer })
        {
            var detail = (await repository.DeleteBlobAsync(blob.Digest)).ExpectError(405, "DENIED");
            Assert.Contains(image.Digest, detail.GetRawText(), StringComparison.Ordinal);
            Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest)).Expect(200).Body);
        }

        (await repository.DeleteManifestAsync("v1")).Expect(202);
        (await repository.DeleteBlobAsync(layer.Digest)).ExpectError(405, "DENIED");
        (await repository.DeleteManifestAsync(image.Digest)).Expect(202);
        (await repository.DeleteBlobAsync(layer.Digest)).Expect(202);
        (await repository.DeleteBlobAsync(config.Digest)).Expect(202);
    }
}
