using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Writes;

public sealed class DeleteTests : IAsyncLifetime
{
    private readonly TestRegion _region = new();
    private readonly TestProcess _process;

    public DeleteTests() => _process = _region.Start();

    [Fact]
    public async Task DeleteAsync_Tag_GoesAloneAndTheManifestStays()
    {
        var image = await _process.PushImageAsync("a", "v1", "v2");

        TestProcess.Committed(await _process.DeleteAsync("v1"));

        Assert.Null(await _process.ReadAsync("v1"));
        Assert.Equal(image.Digest, await _process.ReadAsync("v2"));
        Assert.Equal(image.Digest, await _process.ReadAsync($"{image.Digest}"));
        Assert.Equal([new Operation.TagDeleted(Tag.Parse("v1"))], (await _process.ReadCommitsAsync())[^1].Operations);
    }

    [Fact]
    public async Task DeleteAsync_ManifestWithTags_GoesWithAllOfThemInOneCommit()
    {
        var (image, other) = (await _process.PushImageAsync("a", "v1", "v2"), await _process.PushImageAsync("b", "stays"));

        TestProcess.Committed(await _process.DeleteAsync($"{image.Digest}"));

        Assert.Null(await _process.ReadAsync("v1"));
        Assert.Null(await _process.ReadAsync("v2"));
        Assert.Null(await _process.ReadAsync($"{image.Digest}"));
        Assert.Equal(other.Digest, await _process.ReadAsync("stays"));
        Assert.Equal(
            [
                new Operation.TagDeleted(Tag.Parse("v1")),
                new Operation.TagDeleted(Tag.Parse("v2")),
                new Operation.ManifestDeleted(image.Digest),
            ],
            (await _process.ReadCommitsAsync())[^1].Operations);
    }

    [Fact]
    public async Task DeleteAsync_DeletedManifestPushedAgain_IsThere()
    {
        var image = await _process.PushImageAsync("a", "v1");
        TestProcess.Committed(await _process.DeleteAsync($"{image.Digest}"));

        TestProcess.Committed(await _process.PutAsync(image, "v1"));

        Assert.Equal(image.Digest, await _process.ReadAsync("v1"));
        Assert.NotNull(await _region.Metadata.FindManifestAsync(TestProcess.Name, image.Digest));
    }

    [Fact]
    public async Task DeleteAsync_NothingOfThatName_SaysWhatIsUnknown()
    {
        var nowhere = SampleBlob.Of("none").Digest;
        Assert.Equal(ErrorCode.NameUnknown, TestProcess.Refused(await _process.DeleteAsync("v1")).Code);
        await _process.PushImageAsync("a", "v1");

        var byTag = TestProcess.Refused(await _process.DeleteAsync("v2"));
        var byDigest = TestProcess.Refused(await _process.DeleteAsync($"{nowhere}"));

        Assert.Equal((ErrorCode.ManifestUnknown, 404), (byTag.Code, byTag.Status));
        Assert.Equal((ErrorCode.ManifestUnknown, $"{nowhere}"), (byDigest.Code, byDigest.Detail["reference"]));
        Assert.Single(await _process.ReadCommitsAsync());
    }

    [Fact]
    public async Task DeleteAsync_ManifestOfAnIndex_IsRefusedUntilTheIndexIsGone()
    {
        var image = await _process.PushImageAsync("a");
        var index = SampleManifests.Index(image);
        TestProcess.Committed(await _process.PutAsync(index, "v1"));

        var error = TestProcess.Refused(await _process.DeleteAsync($"{image.Digest}"));

        Assert.Equal((ErrorCode.Denied, 405, $"{index.Digest}"), (error.Code, error.Status, error.Detail["manifest"]));
        Assert.Equal(image.Digest, await _process.ReadAsync($"{image.Digest}"));
        TestProcess.Committed(await _process.DeleteAsync($"{index.Digest}"));
        TestProcess.Committed(await _process.DeleteAsync($"{image.Digest}"));
    }

    [Fact]
    public async Task DeleteAsync_SubjectOfAReferrer_IsDeletedAndTheReferrerStays()
    {
        var subject = await _process.PushImageAsync("subject");
        await _process.PushBlobAsync(SampleManifests.ConfigOf("referrer"));
        var referrer = SampleManifests.Image("referrer", subject.Digest);
        TestProcess.Committed(await _process.PutAsync(referrer));

        TestProcess.Committed(await _process.DeleteAsync($"{subject.Digest}"));

        Assert.Equal(referrer.Digest, await _process.ReadAsync($"{referrer.Digest}"));
        Assert.Single(await _region.Metadata.ListReferrersAsync(TestProcess.Name, subject.Digest, null, null, 10));
    }

    [Fact]
    public async Task DeleteBlobAsync_ManifestNamesIt_IsRefusedUntilTheManifestIsGone()
    {
        var (image, config) = (await _process.PushImageAsync("a"), SampleManifests.ConfigOf("a"));

        var error = TestProcess.Refused(await _process.DeleteBlobAsync(config.Digest));
        Assert.Equal((ErrorCode.Denied, 405, $"{image.Digest}"), (error.Code, error.Status, error.Detail["manifest"]));

        TestProcess.Committed(await _process.DeleteAsync($"{image.Digest}"));
        TestProcess.Committed(await _process.DeleteBlobAsync(config.Digest));
        Assert.Null(await _process.Blobs.FindAsync(TestProcess.Name, config.Digest));
        Assert.Equal(ErrorCode.BlobUnknown, TestProcess.Refused(await _process.DeleteBlobAsync(config.Digest)).Code);
    }

    [Fact]
    public async Task DeleteBlobAsync_BlobWasReadBefore_IsNotReadFromMemoryAfter()
    {
        var blob = SampleBlob.Of("blob");
        await _process.PushBlobAsync(blob);
        await using (var content = await _process.Blobs.OpenAsync(TestProcess.Name, blob.Digest)) Assert.Equal(
            blob.Content, content!.Bytes!.Value.ToArray());

        TestProcess.Committed(await _process.DeleteBlobAsync(blob.Digest));

        Assert.Null(await _process.Blobs.OpenAsync(TestProcess.Name, blob.Digest));
        Assert.Null(await _process.Blobs.FindAsync(TestProcess.Name, blob.Digest));
    }

    [Fact]
    public async Task DeleteBlobAsync_DeletedBlobPushedAgain_IsThere()
    {
        var blob = SampleBlob.Of("blob");
        await _process.PushBlobAsync(blob);
        TestProcess.Committed(await _process.DeleteBlobAsync(blob.Digest));

        await _process.PushBlobAsync(blob);

        Assert.Equal(blob.SizeBytes, await _process.Blobs.FindAsync(TestProcess.Name, blob.Digest));
    }

    [Fact]
    public async Task DeleteBlobAsync_OtherRepositoryHasItToo_KeepsIt()
    {
        var (blob, other) = (SampleBlob.Of("blob"), RepositoryName.Parse("other"));
        await _process.PushBlobAsync(blob);
        await _process.PushBlobAsync(blob, other);

        TestProcess.Committed(await _process.DeleteBlobAsync(blob.Digest));

        await using var content = await _process.Blobs.OpenAsync(other, blob.Digest);
        Assert.Equal(blob.SizeBytes, content?.SizeBytes);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();
}
