namespace GeoRegistry.FrontDoor.Tests.Management;

/// <summary>Requests that cannot both succeed, sent at once: whichever comes first, the result is consistent.</summary>
[Endpoint("end-5", "end-6", "end-7a", "end-9", "end-10")]
public sealed class ConcurrentRequestTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "GeoRegistry: one writer";
    private const int Rounds = 20;

    [Fact]
    [Clause(Section, Promise, "A manifest never exists without its blobs")]
    public async Task DeleteBlobAndPutManifest_AtOnce_NeverBothSucceed()
    {
        var repository = NewRepository();
        for (var round = 0; round < Rounds; round++)
        {
            var (config, layer) = (await repository.PushBlobAsync(Blob.Config()), await repository.PushBlobAsync());
            var image = ManifestContent.Image(config, [layer]);
            var (put, delete) = await BothAsync(repository.PutManifestAsync($"v{round}", image), repository.DeleteBlobAsync(layer.Digest));
            AssertEither(put, "MANIFEST_BLOB_UNKNOWN", delete);
            (await repository.HeadManifestAsync(image.Digest)).Expect(put.Status == 201 ? 200 : 404);
            (await repository.HeadBlobAsync(layer.Digest)).Expect(put.Status == 201 ? 200 : 404);
        }
    }

    [Fact]
    [Clause(Section, Promise, "An index never exists without its manifests")]
    public async Task DeleteManifestAndPutIndex_AtOnce_NeverBothSucceed()
    {
        var repository = NewRepository();
        for (var round = 0; round < Rounds; round++)
        {
            var child = await repository.PushImageAsync();
            var (put, delete) = await BothAsync(
                repository.PutManifestAsync($"v{round}", ManifestContent.Index([child])),
                repository.DeleteManifestAsync(child.Digest));
            AssertEither(put, "MANIFEST_BLOB_UNKNOWN", delete);
            (await repository.HeadManifestAsync(child.Digest)).Expect(put.Status == 201 ? 200 : 404);
            (await repository.HeadManifestAsync($"v{round}")).Expect(put.Status == 201 ? 200 : 404);
        }
    }

    [Fact]
    [Clause(
        "Pushing a blob in chunks",
        Must,
        "Chunks MUST be uploaded in order, with the first byte of a chunk being the last chunk's <end-of-range> plus one")]
    public async Task PatchTwice_OfTheSameRangeAtOnce_TakesOne()
    {
        var repository = NewRepository();
        for (var round = 0; round < Rounds; round++)
        {
            var (blob, session) = (Blob.Random(100_000), await repository.StartUploadAsync());
            var (first, second) = await BothAsync(session.PatchAsync(blob.Bytes, "0-99999"),
                new UploadSession(Registry, session.Location).PatchAsync(blob.Bytes, "0-99999"));
            Assert.Single(new[] { first, second }, answer => answer.Status == 202);
            (first.Status == 202 ? second : first).Expect(416); // It is where the other one ended.
            await session.ExpectReceivedAsync(blob.Bytes.Length);
            (await session.CloseAsync(blob.Digest)).Expect(201);
        }
    }

    [Fact]
    [Clause("Pushing a blob in chunks", Must, "the session MUST be closed with a PUT request")]
    public async Task PutTwice_OfTheSameSessionAtOnce_AcknowledgesBoth()
    {
        var repository = NewRepository();
        for (var round = 0; round < Rounds; round++)
        {
            var (blob, session) = (Blob.Random(), await repository.StartUploadAsync());
            (await session.PatchAsync(blob.Bytes)).Expect(202);
            var (first, second) = await BothAsync(session.CloseAsync(blob.Digest), session.CloseAsync(blob.Digest));
            first.Expect(201).ExpectHeader("Docker-Content-Digest", blob.Digest);
            second.Expect(201).ExpectHeader("Docker-Content-Digest", blob.Digest);
            await session.ExpectGoneAsync();
            Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest)).Expect(200).Body);
        }
    }

    private static async Task<(Answer First, Answer Second)> BothAsync(Task<Answer> first, Task<Answer> second)
    {
        await Task.WhenAll(first, second);
        return (await first, await second);
    }

    private static void AssertEither(Answer put, string refusal, Answer delete)
    {
        if (put.Status == 201) delete.ExpectError(405, "DENIED");
        else
        {
            put.ExpectError(404, refusal);
            delete.Expect(202);
        }
    }
}
