using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>Two servers of a region and one upload: one is frozen in the middle of a request, the other goes on.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class TakeoverTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly SampleBlob Whole = SampleBlob.Of("0123456789");

    private string _container = "";

    public async Task InitializeAsync() => _container = await azurite.CreateContainerAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public static TheoryData<string> Requests => ["PUT block", "PUT blocklist", "PUT copy", "DELETE"];

    /// <summary>The request of the frozen one arrives when the other holds the upload, or has ended it.</summary>
    [Theory]
    [MemberData(nameof(Requests))]
    public async Task ResumeUploadAsync_TheHolderIsFrozenInARequest_ItWakesAndChangesNothing(string request)
    {
        foreach (var hasEnded in new[] { false, true })
        {
            var (key, frozen) = ($"upload-{hasEnded}".ToLowerInvariant(), new Frozen());
            await using var earlier = await OpenStore(frozen).BeginUploadAsync(key);
            await earlier.AppendAsync("0123"u8.ToArray());
            await earlier.FlushAsync();
            frozen.At = request;
            var change = request == "DELETE" ? earlier.DiscardAsync().AsTask() : AppendAndCommitAsync(earlier);
            await frozen.Reached.OrFail(request);

            await using var holder = await OpenStore().ResumeUploadAsync(key);
            var resumed = (int)holder!.SizeBytes;
            await holder.AppendAsync(Whole.Content.AsMemory(0, 10 - resumed)); // Whatever it has, it is to end as this says.
            await holder.TruncateAsync(resumed);
            await holder.FlushAsync();
            if (hasEnded) await holder.DiscardAsync();
            frozen.Wake();

            if (request == "DELETE" && hasEnded) await change.OrFail("the discard of what is gone");
            else await Assert.ThrowsAsync<UploadTakenOverException>(() => change.OrFail("the late request"));
            await AssertIsLeftAloneAsync(key, holder, resumed, hasEnded);
        }
    }

    /// <summary>Its blocks have names of their own: those of the other are not mixed up with them.</summary>
    [Fact]
    public async Task AppendAsync_TheEarlierHolderSendsBlocksBetweenThoseOfTheNext_OnlyTheNextOnesCount()
    {
        await using var earlier = await OpenStore().BeginUploadAsync("upload");
        await using var holder = await OpenStore().ResumeUploadAsync("upload");
        var blocks = SampleBlob.Random(1, 3 * UploadBlocks.FirstBlockBytes);
        for (var i = 0; i < 3; i++)
        {
            await earlier.AppendAsync(new byte[UploadBlocks.FirstBlockBytes]);
            await holder!.AppendAsync(blocks.Content.AsMemory(i * UploadBlocks.FirstBlockBytes, UploadBlocks.FirstBlockBytes));
        }

        await holder!.CommitAsync(blocks.Digest);
        await Assert.ThrowsAsync<UploadTakenOverException>(() => earlier.FlushAsync().AsTask());

        await using var reader = await OpenStore().OpenAsync(blocks.Digest);
        var stored = new byte[blocks.SizeBytes];
        await using var range = await reader!.OpenRangeAsync(0, reader.SizeBytes);
        await range.ReadExactlyAsync(stored);
        Assert.True(stored.AsSpan().SequenceEqual(blocks.Content));
    }

    private static async Task AppendAndCommitAsync(IBlobUpload upload)
    {
        await upload.AppendAsync("abc"u8.ToArray());
        await upload.CommitAsync(SampleBlob.Of("0123abc").Digest);
    }

    private async Task AssertIsLeftAloneAsync(string key, IBlobUpload holder, int resumed, bool hasEnded)
    {
        Assert.Null(await OpenStore().FindAsync(SampleBlob.Of("0123abc").Digest));
        if (hasEnded)
        {
            Assert.Null(await OpenStore().ResumeUploadAsync(key));
            return;
        }

        var left = new byte[resumed];
        Assert.Equal(resumed, await holder.ReadAsync(0, left));
        await holder.TruncateAsync(0);
        await holder.AppendAsync(Whole.Content);
        await holder.CommitAsync(Whole.Digest);
        Assert.Equal(10, await OpenStore().FindAsync(Whole.Digest));
    }

    private AzureBlobStore OpenStore(Frozen? frozen = null)
    {
        var handler = new FaultyHandler(new StoreFaults()) { Before = frozen is null ? null : frozen.PassAsync };
        return new AzureBlobStore(
            AzuriteFixture.ClientOf(azurite.Azurite.ConnectionString, _container, handler), TimeProvider.System);
    }

    /// <summary>Holds the first request of a name until it is to go on.</summary>
    private sealed class Frozen
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _awake = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string? At { get; set; }

        public Task Reached => _reached.Task;

        public void Wake() => _awake.SetResult();

        public Task PassAsync(string request, CancellationToken cancellation)
        {
            if (request != At) return Task.CompletedTask;
            _reached.TrySetResult();
            return _awake.Task.WaitAsync(cancellation);
        }
    }
}
