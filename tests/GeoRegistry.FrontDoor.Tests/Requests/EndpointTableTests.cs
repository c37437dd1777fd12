namespace GeoRegistry.FrontDoor.Tests.Requests;

/// <summary>The specification's endpoint table, row by row: method, path, success.</summary>
[Endpoint(
    "end-1", "end-2", "end-3", "end-4a", "end-4b", "end-4c", "end-5", "end-6", "end-7a", "end-7b",
    "end-8a", "end-8b", "end-9", "end-10", "end-11", "end-12a", "end-12b", "end-13", "end-14")]
public sealed class EndpointTableTests(RegistryFixture registry) : ConformanceTest(registry)
{
    [Fact]
    [Clause(
        "Requirements", Must, "All registries conforming to this specification MUST support, at a minimum, all APIs in the Pull category")]
    [Clause("Requirements", Should, "Registries SHOULD also support the Push, Content Discovery, and Content Management categories")]
    [Clause(
        "Requirements",
        Must,
        "A registry claiming conformance with one of these specification categories MUST implement all APIs in the claimed category")]
    public async Task EachEndpoint_OfTheTable_AnswersItsSuccess()
    {
        var (repository, other) = (NewRepository(), NewRepository());
        var (blob, posted) = (Blob.Random(), Blob.Random());

        (await Registry.GetAsync("/v2/")).Expect(200); // end-1
        var session = await repository.StartUploadAsync(); // end-4a
        (await repository.PostUploadAsync($"?digest={posted.Digest}", Body.Of(posted.Bytes))).Expect(201); // end-4b
        var cancelled = await repository.StartUploadAsync("?digest-algorithm=sha256"); // end-4c
        (await session.PatchAsync(blob.Bytes, $"0-{blob.Bytes.Length - 1}")).Expect(202); // end-5
        (await session.StatusAsync()).Expect(204); // end-13
        (await cancelled.CancelAsync()).Expect(204); // end-14
        (await session.CloseAsync(blob.Digest)).Expect(201); // end-6
        (await other.PostUploadAsync($"?mount={blob.Digest}&from={repository.Name}")).Expect(201); // end-11
        (await repository.GetBlobAsync(blob.Digest)).Expect(200); // end-2
        (await repository.HeadBlobAsync(blob.Digest)).Expect(200);

        var image = await repository.PushAsync(ManifestContent.Image(blob, [posted]), "v1"); // end-7a
        (await repository.PutManifestAsync($"{image.Digest}?tag=v2", image)).Expect(201); // end-7b
        (await repository.GetManifestAsync("v2")).Expect(200); // end-3
        (await repository.HeadManifestAsync(image.Digest)).Expect(200);
        (await repository.GetAsync("tags/list")).Expect(200); // end-8a
        (await repository.GetAsync("tags/list?n=1&last=v1")).Expect(200); // end-8b
        (await repository.GetAsync($"referrers/{image.Digest}")).Expect(200); // end-12a
        (await repository.GetAsync($"referrers/{image.Digest}?artifactType={MediaType.Sbom}")).Expect(200); // end-12b
        (await repository.DeleteManifestAsync("v1")).Expect(202); // end-9
        (await repository.DeleteManifestAsync(image.Digest)).Expect(202);
        (await repository.DeleteBlobAsync(blob.Digest)).Expect(202); // end-10
    }
}
