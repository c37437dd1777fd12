using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Blobs;

public sealed class RepositoryBlobsTests : IAsyncLifetime
{
    private static readonly RepositoryName Other = RepositoryName.Parse("library/other");

    private readonly TestRegion _region = new();
    private readonly TestProcess _process;

    public RepositoryBlobsTests() => _process = _region.Start();

    [Fact]
    public async Task OpenAsync_SmallBlob_IsReadFromMemoryTheSecondTime()
    {
        var blob = SampleBlob.Random(1, 1000);
        await _process.PushBlobAsync(blob);

        await using (var first = await OpenAsync(blob)) Assert.Equal(blob.Content, first!.Bytes!.Value.ToArray());
        await _region.Blobs.DeleteAsync(blob.Digest);

        await using var second = await OpenAsync(blob);
        Assert.Equal(blob.Content, second!.Bytes!.Value.ToArray());
    }

    [Fact]
    public async Task OpenAsync_LargeBlob_IsReadFromTheStore()
    {
        var blob = SampleBlob.Random(2, (_region.Options.CachedBlobMaxKiB * 1024) + 1);
        await _process.PushBlobAsync(blob);

        await using var content = await OpenAsync(blob);

        Assert.Null(content!.Bytes);
        Assert.Equal(blob.SizeBytes, content.SizeBytes);
        var buffer = new byte[10];
        await using var range = await content.OpenRangeAsync(100, buffer.Length);
        await range.ReadExactlyAsync(buffer);
        Assert.Equal(blob.Content[100..110], buffer);
    }

    [Fact]
    public async Task OpenAsync_BlobOfAnotherRepository_IsNotThere()
    {
        var blob = SampleBlob.Of("blob");
        await _process.PushBlobAsync(blob, Other);

        Assert.Null(await OpenAsync(blob));
        Assert.Null(await _process.Blobs.FindAsync(TestProcess.Name, blob.Digest));
    }

    [Fact]
    public async Task FindAsync_PushedAfterItWasAskedFor_IsFound()
    {
        var blob = SampleBlob.Of("blob");
        Assert.Null(await _process.Blobs.FindAsync(TestProcess.Name, blob.Digest));

        await _process.PushBlobAsync(blob);

        Assert.Equal(blob.SizeBytes, await _process.Blobs.FindAsync(TestProcess.Name, blob.Digest));
    }

    [Fact]
    public async Task OpenAsync_StoreLostTheBlob_IsAFaultAndNotAMiss()
    {
        var blob = SampleBlob.Of("blob");
        await _process.PushBlobAsync(blob);
        await _region.Blobs.DeleteAsync(blob.Digest);

        await Assert.ThrowsAsync<InvalidDataException>(async () => await OpenAsync(blob));
    }

    [Fact]
    public async Task MountAsync_FromARepositoryThatHasIt_GivesIt()
    {
        var blob = SampleBlob.Of("blob");
        await _process.PushBlobAsync(blob, Other);

        Assert.True(await _process.Blobs.MountAsync(TestProcess.Name, blob.Digest, Other));

        await using var content = await OpenAsync(blob);
        Assert.Equal(blob.Content, content!.Bytes!.Value.ToArray());
    }

    [Fact]
    public async Task MountAsync_FromARepositoryThatDoesNot_GivesNothing()
    {
        var blob = SampleBlob.Of("blob");
        await _process.PushBlobAsync(blob, Other);

        Assert.False(await _process.Blobs.MountAsync(TestProcess.Name, blob.Digest, RepositoryName.Parse("third")));
        Assert.Null(await _process.Blobs.FindAsync(TestProcess.Name, blob.Digest));
    }

    [Fact]
    public async Task MountAsync_FromAny_GivesItWhereSomeRepositoryHasIt()
    {
        var blob = SampleBlob.Of("blob");
        Assert.False(await _process.Blobs.MountAsync(TestProcess.Name, blob.Digest, null));
        await _process.PushBlobAsync(blob, Other);

        Assert.True(await _process.Blobs.MountAsync(TestProcess.Name, blob.Digest, null));

        Assert.Equal(blob.SizeBytes, await _process.Blobs.FindAsync(TestProcess.Name, blob.Digest));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();

    private ValueTask<BlobContent?> OpenAsync(SampleBlob blob) => _process.Blobs.OpenAsync(TestProcess.Name, blob.Digest);
}
