using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories.Writes;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Writes;

public sealed class PutManifestTests : IAsyncLifetime
{
    private const string OtherType = "application/vnd.example.bundle.v1+json";

    private readonly TestRegion _region = new();
    private readonly TestProcess _process;

    public PutManifestTests() => _process = _region.Start();

    [Fact]
    public async Task PutManifestAsync_ManifestAndTags_IsOneCommit()
    {
        var image = await _process.PushImageAsync("a", "v1", "v1.0", "latest");

        var commit = Assert.Single(await _process.ReadCommitsAsync());
        Assert.Equal(["ManifestPut", "TagSet", "TagSet", "TagSet"], commit.Operations.Select(operation => operation.GetType().Name));
        Assert.Equal((1, "tests", TestRegion.Id), (commit.Epoch, commit.Actor, commit.Region));
        Assert.Equal(_region.Clock.GetUtcNow().ToUnixTimeMilliseconds(), commit.At.ToUnixTimeMilliseconds());
        foreach (var reference in new[] { "v1", "v1.0", "latest", image.Digest.ToString() })
            Assert.Equal(image.Digest, await _process.ReadAsync(reference));
    }

    [Fact]
    public async Task PutManifestAsync_NoTags_IsReadByDigest()
    {
        var image = await _process.PushImageAsync("a");

        Assert.Equal(image.Digest, await _process.ReadAsync(image.Digest.ToString()));
        Assert.IsType<Operation.ManifestPut>(Assert.Single(Assert.Single(await _process.ReadCommitsAsync()).Operations));
    }

    [Fact]
    public async Task PutManifestAsync_EverythingIsThereAlready_CommitsNothingAndAnswersTheHead()
    {
        var image = await _process.PushImageAsync("a", "v1");
        var head = await _process.ReadHeadAsync();

        Assert.Equal(head, TestProcess.Committed(await _process.PutAsync(image, "v1")));
        Assert.Equal(head, TestProcess.Committed(await _region.Start().PutAsync(image)));

        Assert.Single(await _process.ReadCommitsAsync());
    }

    [Fact]
    public async Task PutManifestAsync_OneOfTheTagsIsNew_CommitsThatTagAlone()
    {
        var image = await _process.PushImageAsync("a", "v1");

        TestProcess.Committed(await _process.PutAsync(image, "v1", "v2"));

        Assert.Equal([new Operation.TagSet(Tag.Parse("v2"), image.Digest)], (await _process.ReadCommitsAsync())[1].Operations);
    }

    [Fact]
    public async Task PutManifestAsync_TagMoves_NamesTheNewManifest()
    {
        await _process.PushImageAsync("a", "v1");
        var next = await _process.PushImageAsync("b", "v1");

        Assert.Equal(next.Digest, await _process.ReadAsync("v1"));
    }

    [Fact]
    public async Task PutManifestAsync_BlobsMissing_NamesEachAndChangesNothing()
    {
        var (one, two) = (SampleBlob.Of("one"), SampleBlob.Of("two"));
        await _process.PushBlobAsync(SampleManifests.ConfigOf("a"));

        var refused = Assert.IsType<WriteOutcome.Refused>(await _process.PutAsync(SampleManifests.Image("a", layers: [one, two]), "v1"));

        Assert.All(refused.Errors, error => Assert.Equal((ErrorCode.ManifestBlobUnknown, 404), (error.Code, error.Status)));
        Assert.Equal([one.Digest.ToString(), two.Digest.ToString()], refused.Errors.Select(error => error.Detail["digest"]));
        Assert.Empty(await _process.ReadCommitsAsync());
        Assert.Null(await _process.ReadAsync("v1"));
    }

    [Fact]
    public async Task PutManifestAsync_BlobOnlyInAnotherRepository_IsRefused()
    {
        await _process.PushBlobAsync(SampleManifests.ConfigOf("a"), RepositoryName.Parse("other"));

        Assert.Equal(ErrorCode.ManifestBlobUnknown, TestProcess.Refused(await _process.PutAsync(SampleManifests.Image("a"))).Code);
    }

    [Fact]
    public async Task PutManifestAsync_VeryManyBlobsMissing_AnswersABoundedList()
    {
        var layers = Enumerable.Range(0, 500).Select(i => SampleBlob.Of($"layer {i}")).ToArray();

        var refused = Assert.IsType<WriteOutcome.Refused>(await _process.PutAsync(SampleManifests.Image("a", layers: layers)));

        Assert.InRange(refused.Errors.Count, 1, 100);
    }

    [Fact]
    public async Task PutManifestAsync_WrongSizeOfABlob_IsRefused()
    {
        var blob = SampleBlob.Of("blob");
        await _process.PushBlobAsync(blob);
        var index = Manifest(OtherType, $$"""{"blobs":[{"mediaType":"a/b","digest":"{{blob.Digest}}","size":{{blob.SizeBytes + 1}}}]}""");

        var error = TestProcess.Refused(await _process.PutAsync(index));

        Assert.Equal((ErrorCode.SizeInvalid, 400), (error.Code, error.Status));
        Assert.Equal(blob.Digest.ToString(), error.Detail["digest"]);
    }

    [Fact]
    public async Task PutManifestAsync_WrongSizeOfAChild_IsRefused()
    {
        var image = await _process.PushImageAsync("a");
        var index = Manifest(
            MediaTypes.OciImageIndex,
            $$"""{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"{{image.Digest}}","size":{{image.Content.Length - 1}}}]}""");

        Assert.Equal(ErrorCode.SizeInvalid, TestProcess.Refused(await _process.PutAsync(index)).Code);
    }

    [Fact]
    public async Task PutManifestAsync_ChildMissing_IsRefusedAndTakenOnceItIsThere()
    {
        var index = SampleManifests.Index(SampleManifests.Image("a"));
        Assert.Equal(ErrorCode.ManifestBlobUnknown, TestProcess.Refused(await _process.PutAsync(index)).Code);

        await _process.PushImageAsync("a");

        TestProcess.Committed(await _process.PutAsync(index, "v1"));
        Assert.Equal(index.Digest, await _process.ReadAsync("v1"));
    }

    [Fact]
    public async Task PutManifestAsync_ChildIsABlob_IsTaken()
    {
        var blob = SampleBlob.Of("a layer of a build cache");
        await _process.PushBlobAsync(blob);

        TestProcess.Committed(await _process.PutAsync(Manifest(
            MediaTypes.OciImageIndex,
            $$"""{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"{{blob.Digest}}","size":{{blob.SizeBytes}}}]}""")));
    }

    [Fact]
    public async Task PutManifestAsync_ForeignLayerAndSubjectMissing_IsTaken()
    {
        var (config, missing) = (SampleManifests.ConfigOf("a"), SampleBlob.Of("missing"));
        await _process.PushBlobAsync(config);

        TestProcess.Committed(await _process.PutAsync(Manifest(
            MediaTypes.OciImageManifest,
            $$"""
            {"schemaVersion":2,"config":{"mediaType":"a/b","digest":"{{config.Digest}}","size":{{config.SizeBytes}}},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar","digest":"{{missing.Digest}}","size":7}],
             "subject":{"mediaType":"a/b","digest":"{{missing.Digest}}","size":7} }
            """)));
        Assert.Null(await _region.Metadata.FindBlobAsync(TestProcess.Name, missing.Digest));
    }

    /// <summary>A client that is told to push foreign layers too pushes the layer, and then the manifest as it was.</summary>
    [Fact]
    public async Task PutManifestAsync_AgainAfterItsForeignLayerWasPushed_CommitsTheLayerOnce()
    {
        var (config, layer) = (SampleManifests.ConfigOf("a"), SampleBlob.Of("foreign"));
        await _process.PushBlobAsync(config);
        var image = Manifest(
            MediaTypes.OciImageManifest,
            $$"""
            {"schemaVersion":2,"config":{"mediaType":"a/b","digest":"{{config.Digest}}","size":{{config.SizeBytes}}},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar",
                        "digest":"{{layer.Digest}}","size":{{layer.SizeBytes}}}]}
            """);
        TestProcess.Committed(await _process.PutAsync(image, "v1"));

        await _process.PushBlobAsync(layer);
        TestProcess.Committed(await _process.PutAsync(image, "v1"));
        TestProcess.Committed(await _process.PutAsync(image, "v1"));

        var commits = await _process.ReadCommitsAsync();
        Assert.Equal(2, commits.Count);
        Assert.Equal([new Operation.BlobLinked(layer.Digest, layer.SizeBytes)], commits[1].Operations);
    }

    [Fact]
    public async Task PutManifestAsync_SameBytesUnderAnotherType_ReadsTheNewTypeByDigestAndTag()
    {
        var (config, hidden) = (SampleBlob.Of("config"), SampleBlob.Of("hidden"));
        await _process.PushBlobAsync(config);
        await _process.PushBlobAsync(hidden);
        TestProcess.Committed(await _process.PutAsync(SampleManifests.TwoFaced(MediaTypes.OciImageManifest, config, hidden), "v1"));

        var other = SampleManifests.TwoFaced(OtherType, config, hidden);
        TestProcess.Committed(await _process.PutAsync(other));

        Assert.Equal(OtherType, (await _process.Reader.FindManifestAsync(TestProcess.Name, Reference.To(other.Digest)))!.MediaType);
        Assert.Equal(OtherType, (await _process.Reader.FindManifestAsync(TestProcess.Name, Reference.To(Tag.Parse("v1"))))!.MediaType);
    }

    /// <summary>
    /// Under another type the same bytes name other content: it must be there too. Otherwise the commit would give the repository
    /// a blob that nobody sent to it, which may be another repository's secret.
    /// </summary>
    [Fact]
    public async Task PutManifestAsync_SameBytesUnderATypeThatNamesMore_NeedsThatContentToo()
    {
        var (config, secret) = (SampleBlob.Of("config"), SampleBlob.Of("secret"));
        await _process.PushBlobAsync(config);
        await _process.PushBlobAsync(secret, RepositoryName.Parse("private/vault"));
        TestProcess.Committed(await _process.PutAsync(SampleManifests.TwoFaced(MediaTypes.OciImageManifest, config, secret)));

        var outcome = await _process.PutAsync(SampleManifests.TwoFaced(OtherType, config, secret));

        Assert.Null(await _process.Blobs.FindAsync(TestProcess.Name, secret.Digest));
        Assert.Equal(ErrorCode.ManifestBlobUnknown, TestProcess.Refused(outcome).Code);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();

    private static Manifest Manifest(string mediaType, string json) =>
        SampleManifests.Read(System.Text.Json.Nodes.JsonNode.Parse(json)!, mediaType);
}
