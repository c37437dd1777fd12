using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

/// <summary>A blob store under test, which is empty at first.</summary>
public abstract class BlobStoreFixture : IAsyncDisposable
{
    public abstract IBlobStore Blobs { get; }

    /// <summary>Whether ranges of a blob that is open can be opened after it was deleted.</summary>
    public virtual bool KeepsOpenBlobs => true;

    /// <summary>Opens the store's data again, as a restart of the process does.</summary>
    public abstract Task ReopenAsync();

    /// <summary>Makes a blob older, as time that passes does.</summary>
    public abstract Task AgeAsync(Digest digest, TimeSpan by);

    /// <summary>Makes an upload older.</summary>
    public abstract Task AgeUploadAsync(string key, TimeSpan by);

    public abstract ValueTask DisposeAsync();
}

/// <summary>
/// What <see cref="IBlobStore"/>, <see cref="IBlobUpload"/> and <see cref="IBlobReader"/> promise; every store's tests
/// derive from it.
/// </summary>
public abstract partial class BlobStoreContract : IAsyncLifetime
{
    private BlobStoreFixture? _fixture;

    protected BlobStoreFixture Fixture => _fixture ?? throw new InvalidOperationException("The test has not begun.");

    protected IBlobStore Blobs => Fixture.Blobs;

    public async Task InitializeAsync() => _fixture = await OpenAsync();

    public async Task DisposeAsync() => await Fixture.DisposeAsync();

    /// <summary>Opens a fresh store.</summary>
    protected abstract Task<BlobStoreFixture> OpenAsync();

    [Fact]
    public async Task FindAsync_UnknownBlob_IsNull()
    {
        Assert.Null(await Blobs.FindAsync(SampleBlob.Of("none").Digest));
        Assert.Null(await Blobs.OpenAsync(SampleBlob.Of("none").Digest));
        Assert.False(await Blobs.DeleteAsync(SampleBlob.Of("none").Digest));
    }

    [Fact]
    public async Task CommitAsync_UploadedInParts_IsVisibleWholeAndOnlyThen()
    {
        var blob = SampleBlob.Random(1, 300_000);
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync(blob.Content.AsMemory(0, 100_000));
        await upload.AppendAsync(blob.Content.AsMemory(100_000));
        await upload.FlushAsync();
        Assert.Equal(blob.SizeBytes, upload.SizeBytes);
        Assert.Null(await Blobs.FindAsync(blob.Digest));
        Assert.Null(await Blobs.OpenAsync(blob.Digest));

        await upload.CommitAsync(blob.Digest);

        Assert.Equal(blob.SizeBytes, await Blobs.FindAsync(blob.Digest));
        Assert.Equal(blob.Content, await ReadAsync(blob.Digest));
        Assert.Null(await Blobs.ResumeUploadAsync("upload"));
    }

    [Fact]
    public async Task CommitAsync_StoreReopened_BlobIsThere()
    {
        var blob = await PutAsync("upload", SampleBlob.Of("stays"));

        await Fixture.ReopenAsync();

        Assert.Equal(blob.Content, await ReadAsync(blob.Digest));
    }

    [Fact]
    public async Task CommitAsync_EmptyBlob_IsABlob()
    {
        var blob = await PutAsync("upload", SampleBlob.Of(""));

        Assert.Equal(0, await Blobs.FindAsync(blob.Digest));
        await using var reader = await Blobs.OpenAsync(blob.Digest);
        Assert.Equal((0, 0), (reader!.SizeBytes, await reader.ReadAsync(0, new byte[16])));
    }

    [Fact]
    public async Task CommitAsync_NameBySha512_IsFoundByItAlone()
    {
        var blob = SampleBlob.Of("content");
        var digest = Digest.Of(blob.Content, DigestAlgorithm.Sha512);
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync(blob.Content);

        await upload.CommitAsync(digest);

        Assert.Equal(blob.Content, await ReadAsync(digest));
        Assert.Null(await Blobs.FindAsync(blob.Digest));
    }

    [Fact]
    public async Task CommitAsync_BlobExistsAlready_DropsTheUpload()
    {
        var blob = await PutAsync("first", SampleBlob.Of("content"));

        await PutAsync("second", blob);

        Assert.Equal(blob.Content, await ReadAsync(blob.Digest));
        Assert.Null(await Blobs.ResumeUploadAsync("second"));
    }

    [Fact]
    public async Task CommitAsync_ParallelUploadsOfOneBlob_AllSucceedWhileItIsRead()
    {
        var blob = await PutAsync("first", SampleBlob.Random(2, 200_000));
        var commits = Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => PutAsync($"upload-{i}", blob))));

        var deadline = new LoopDeadline("the last commit");
        do
        {
            deadline.Check();
            Assert.Equal(blob.Content, await ReadAsync(blob.Digest));
        }
        while (!commits.IsCompleted);

        await commits.OrFail("the last commit");
        Assert.Equal(blob.Content, await ReadAsync(blob.Digest));
        for (var i = 0; i < 16; i++) Assert.Null(await Blobs.ResumeUploadAsync($"upload-{i}"));
    }

    [Fact]
    public async Task CommitAsync_AlreadyCancelled_LeavesTheUpload()
    {
        var blob = SampleBlob.Of("content");
        await using (var upload = await Blobs.BeginUploadAsync("upload"))
        {
            await upload.AppendAsync(blob.Content);
            await upload.FlushAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => upload.CommitAsync(blob.Digest, new CancellationToken(canceled: true)));
        }

        Assert.Null(await Blobs.FindAsync(blob.Digest));
        await using var resumed = await Blobs.ResumeUploadAsync("upload");
        Assert.Equal(blob.SizeBytes, resumed?.SizeBytes);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(3, 4)]
    [InlineData(0, 10)]
    [InlineData(9, 1)]
    [InlineData(10, 0)]
    public async Task OpenRangeAsync_OffsetAndLength_GivesThoseBytesAndEnds(int offset, int length)
    {
        var blob = await PutAsync("upload", SampleBlob.Of("0123456789"));
        await using var reader = await Blobs.OpenAsync(blob.Digest);
        await using var range = await reader!.OpenRangeAsync(offset, length);
        using var read = new MemoryStream();

        await range.CopyToAsync(read);

        Assert.Equal(blob.Content.Skip(offset).Take(length), read.ToArray());
        Assert.Equal(0, await range.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task OpenRangeAsync_SeveralReadersOnOneOpenBlob_DoNotDisturbEachOther()
    {
        var blob = await PutAsync("upload", SampleBlob.Random(3, 500_000));
        await using var reader = await Blobs.OpenAsync(blob.Digest);

        var copies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ReadAsync(reader!)))).OrFail("the last reader");

        Assert.All(copies, copy => Assert.Equal(blob.Content, copy));
    }

    [Fact]
    public async Task DeleteAsync_Blob_IsGoneAndCanComeBack()
    {
        var blob = await PutAsync("upload", SampleBlob.Of("content"));

        Assert.True(await Blobs.DeleteAsync(blob.Digest));
        Assert.Null(await Blobs.FindAsync(blob.Digest));
        Assert.False(await Blobs.DeleteAsync(blob.Digest));

        await PutAsync("again", blob);
        Assert.Equal(blob.Content, await ReadAsync(blob.Digest));
    }

    [Fact]
    public async Task DeleteAsync_BlobIsOpen_CanBeReadToItsEndOrIsSaidToBeGone()
    {
        var blob = await PutAsync("upload", SampleBlob.Random(4, 300_000));
        await using var reader = await Blobs.OpenAsync(blob.Digest);
        var first = new byte[1000];
        Assert.InRange(await reader!.ReadAsync(0, first), 1, first.Length);

        await Blobs.DeleteAsync(blob.Digest);

        if (Fixture.KeepsOpenBlobs) Assert.Equal(blob.Content, await ReadAsync(reader!));
        else await Assert.ThrowsAsync<FileNotFoundException>(() => ReadAsync(reader!));
        Assert.Null(await Blobs.OpenAsync(blob.Digest));
    }

    private async Task<SampleBlob> PutAsync(string key, SampleBlob blob)
    {
        await using var upload = await Blobs.BeginUploadAsync(key);
        await upload.AppendAsync(blob.Content);
        await upload.CommitAsync(blob.Digest);
        return blob;
    }

    private async Task<byte[]> ReadAsync(Digest digest)
    {
        await using var reader = await Blobs.OpenAsync(digest);
        return await ReadAsync(reader ?? throw new InvalidOperationException($"The blob {digest} is not there."));
    }

    private static async Task<byte[]> ReadAsync(IBlobReader reader)
    {
        await using var range = await reader.OpenRangeAsync(0, reader.SizeBytes);
        using var content = new MemoryStream();
        await range.CopyToAsync(content);
        Assert.Equal(reader.SizeBytes, content.Length);
        return content.ToArray();
    }
}
