using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>Ranges whose connections break off in the middle.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class RangeTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly SampleBlob Blob = SampleBlob.Random(1, 8 * 1024 * 1024);

    private CuttingProxy _proxy = null!;
    private AzureBlobStore _direct = null!, _throughProxy = null!;

    public async Task InitializeAsync()
    {
        var container = await azurite.CreateContainerAsync();
        _proxy = new CuttingProxy(azurite.Azurite.Port);
        _direct = new AzureBlobStore(AzuriteFixture.ClientOf(azurite.Azurite.ConnectionString, container), TimeProvider.System);
        _throughProxy = new AzureBlobStore(
            AzuriteFixture.ClientOf(AzuriteProcess.ConnectionStringAt(_proxy.Port), container), TimeProvider.System);
        await using var upload = await _direct.BeginUploadAsync("upload");
        await upload.AppendAsync(Blob.Content);
        await upload.CommitAsync(Blob.Digest);
    }

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    /// <summary>The rest is asked for on condition that the blob is the same: a touch, which changes its ETag, ends no pull.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OpenRangeAsync_ConnectionIsCut_GoesOnWhereItWas(bool touched)
    {
        await using var reader = await _throughProxy.OpenAsync(Blob.Digest);
        _proxy.CutAfter(3_000_000);
        await using var range = await reader!.OpenRangeAsync(1000, Blob.SizeBytes - 1000);
        var read = new byte[Blob.SizeBytes - 1000];
        await range.ReadExactlyAsync(read.AsMemory(0, 100_000));
        if (touched) Assert.True(await _direct.TouchAsync(Blob.Digest));

        await range.ReadExactlyAsync(read.AsMemory(100_000));

        Assert.Equal(0, await range.ReadAsync(new byte[1]));
        Assert.True(read.AsSpan().SequenceEqual(Blob.Content.AsSpan(1000)), "Other bytes were read.");
        Assert.Equal(1, _proxy.Cuts);
    }

    [Fact]
    public async Task AppendAsync_ConnectionIsCut_IsSentAgain()
    {
        var other = SampleBlob.Random(2, 9 * 1024 * 1024);
        await using var upload = await _throughProxy.BeginUploadAsync("cut");
        _proxy.CutAfter(0);

        await upload.AppendAsync(other.Content);
        await upload.CommitAsync(other.Digest);

        Assert.Equal(other.SizeBytes, await _direct.FindAsync(other.Digest));
        Assert.Equal(1, _proxy.Cuts);
    }

    [Fact]
    public async Task OpenRangeAsync_CancelledInTheMiddle_Ends()
    {
        using var cancellation = new CancellationTokenSource();
        await using var reader = await _direct.OpenAsync(Blob.Digest);
        await using var range = await reader!.OpenRangeAsync(0, Blob.SizeBytes, cancellation.Token);
        await range.ReadExactlyAsync(new byte[1000]);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await range.ReadExactlyAsync(new byte[Blob.SizeBytes - 1000], cancellation.Token));
    }
}
