using Azure.Storage.Blobs;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>Each request of an upload fails in turn, before it was sent or after.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class UploadFaultTests(AzuriteFixture azurite, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly SampleBlob Blob = SampleBlob.Random(1, (2 * UploadBlocks.FirstBlockBytes) + 1000);

    private string _container = "";
    private int _runs;

    public static TheoryData<InjectedFault, bool> Ways => new()
    {
        { InjectedFault.NotRun, false },
        { InjectedFault.NotRun, true },
        { InjectedFault.AnswerLost, false },
        { InjectedFault.AnswerLost, true },
    };

    public async Task InitializeAsync() => _container = await azurite.CreateContainerAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>The request is sent again as clients do: from where the upload is, on the same server or after its restart.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public Task CommitAsync_ARequestFails_ARepeatedUploadComesOutRight(InjectedFault fault, bool restarts) => EachStep.FailAsync(
        fault,
        async faults =>
        {
            var (key, blob) = ($"upload-{++_runs}", SampleBlob.Random(_runs, Blob.Content.Length));
            var store = StoreWith(faults, retries: false);
            for (var tries = 0; ; tries++)
            {
                Assert.True(tries < 3, "One fault fails one try.");
                try
                {
                    await UploadAsync(store, key, blob);
                    break;
                }
                catch (IOException) when (faults.Met.IsCompleted)
                {
                    if (restarts) store = StoreWith(faults, retries: false);
                }
            }

            faults.ArePaused = true;
            await AssertIsStoredAsync(store, blob);
        },
        output,
        "PUT", "PUT block", "PUT blocklist", "PUT copy", "DELETE");

    /// <summary>The client of the store sends each request again by itself.</summary>
    [Theory]
    [InlineData(InjectedFault.NotRun)]
    [InlineData(InjectedFault.AnswerLost)]
    public Task CommitAsync_ARequestIsRetried_NobodyNotices(InjectedFault fault) => EachStep.FailAsync(
        fault,
        async faults =>
        {
            var (key, blob) = ($"retried-{++_runs}", SampleBlob.Random(_runs, Blob.Content.Length));
            var store = StoreWith(faults, retries: true);
            await using (var upload = await store.BeginUploadAsync(key))
            {
                await upload.AppendAsync(blob.Content.AsMemory(0, 1000));
                await upload.FlushAsync();
            }

            await using (var resumed = await store.ResumeUploadAsync(key))
            {
                await resumed!.AppendAsync(blob.Content.AsMemory(1000));
                await resumed.FlushAsync();
                await resumed.TruncateAsync(1000);
                await resumed.AppendAsync(blob.Content.AsMemory(1000));
                await resumed.CommitAsync(blob.Digest);
            }

            faults.ArePaused = true;
            await AssertIsStoredAsync(store, blob);
            Assert.Null(await store.ResumeUploadAsync(key));
        },
        output,
        "PUT", "PUT block", "PUT blocklist", "PUT metadata", "PUT copy", "DELETE");

    [Theory]
    [InlineData(InjectedFault.NotRun)]
    [InlineData(InjectedFault.AnswerLost)]
    public Task DiscardAsync_AfterARequestFailed_LeavesNothing(InjectedFault fault) => EachStep.FailAsync(
        fault,
        async faults =>
        {
            var (key, blob) = ($"discarded-{++_runs}", SampleBlob.Random(_runs, Blob.Content.Length));
            var store = StoreWith(faults, retries: false);
            IBlobUpload? upload = null;
            try
            {
                upload = await store.BeginUploadAsync(key);
                await upload.AppendAsync(blob.Content);
                await upload.FlushAsync();
                await upload.TruncateAsync(0);
            }
            catch (IOException) when (faults.Met.IsCompleted)
            {
            }

            faults.ArePaused = true;
            upload ??= await store.ResumeUploadAsync(key);
            if (upload is not null) await upload.DiscardAsync();
            Assert.Null(await store.ResumeUploadAsync(key));
        },
        output,
        "PUT", "PUT block", "PUT blocklist");

    /// <summary>What was flushed stays, and the size says so.</summary>
    [Theory]
    [InlineData(InjectedFault.NotRun, "PUT block")]
    [InlineData(InjectedFault.NotRun, "PUT blocklist")]
    [InlineData(InjectedFault.AnswerLost, "PUT blocklist")]
    public async Task AppendAsync_Fails_TheUploadGoesOnWhereItWasFlushed(InjectedFault fault, string request)
    {
        var faults = new StoreFaults();
        var store = StoreWith(faults, retries: false);
        await using var upload = await store.BeginUploadAsync("upload");
        await upload.AppendAsync("0123"u8.ToArray());
        await upload.FlushAsync();

        faults.Fail(request, fault);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await upload.AppendAsync("never"u8.ToArray());
            await upload.FlushAsync();
        });

        Assert.Equal((4, 4), (upload.SizeBytes, upload.FlushedBytes));
        await upload.AppendAsync("456789"u8.ToArray());
        await upload.CommitAsync(SampleBlob.Of("0123456789").Digest);
        await AssertIsStoredAsync(store, SampleBlob.Of("0123456789"));
    }

    /// <summary>Right after a flush that failed and was done all the same, the blob must have what the size says, and no more.</summary>
    [Fact]
    public async Task CommitAsync_AfterAFlushWhoseAnswerWasLost_HasWhatTheSizeSays()
    {
        var faults = new StoreFaults();
        var store = StoreWith(faults, retries: false);
        await using var upload = await store.BeginUploadAsync("upload");
        await upload.AppendAsync("0123"u8.ToArray());
        await upload.FlushAsync();
        await upload.AppendAsync("never"u8.ToArray());
        faults.Fail("PUT blocklist", InjectedFault.AnswerLost);
        await Assert.ThrowsAnyAsync<IOException>(() => upload.FlushAsync().AsTask());

        await upload.CommitAsync(SampleBlob.Of("0123").Digest);

        await AssertIsStoredAsync(store, SampleBlob.Of("0123"));
    }

    /// <summary>The blob is stored: that its upload could not be deleted is no fault of the push.</summary>
    [Fact]
    public async Task CommitAsync_UploadIsNotDeleted_SucceedsAndALaterDiscardRemovesIt()
    {
        var faults = new StoreFaults();
        var store = StoreWith(faults, retries: false);
        await using var upload = await store.BeginUploadAsync("upload");
        faults.Fail("DELETE", InjectedFault.NotRun);

        await upload.CommitAsync(SampleBlob.Of("").Digest);

        await AssertIsStoredAsync(store, SampleBlob.Of(""));
        Assert.Equal("upload", Assert.Single(await store.ListUploadsAsync().ToListAsync()).Key);
        await (await store.ResumeUploadAsync("upload"))!.DiscardAsync();
        Assert.Empty(await store.ListUploadsAsync().ToListAsync());
    }

    private static async Task UploadAsync(AzureBlobStore store, string key, SampleBlob blob)
    {
        if (await store.FindAsync(blob.Digest) is not null) return;
        await using var upload = await store.ResumeUploadAsync(key) ?? await store.BeginUploadAsync(key);
        await upload.AppendAsync(blob.Content.AsMemory((int)upload.SizeBytes));
        await upload.CommitAsync(blob.Digest);
    }

    private async Task AssertIsStoredAsync(AzureBlobStore store, SampleBlob blob)
    {
        Assert.Equal(blob.SizeBytes, await store.FindAsync(blob.Digest));
        var container = AzuriteFixture.ClientOf(azurite.Azurite.ConnectionString, _container);
        var stored = await container.GetBlobClient(BlobKeys.Blob(blob.Digest)).DownloadContentAsync();
        Assert.True(stored.Value.Content.ToMemory().Span.SequenceEqual(blob.Content), "The blob has other bytes.");
    }

    private AzureBlobStore StoreWith(StoreFaults faults, bool retries) => new(ClientWith(faults, retries), TimeProvider.System);

    private BlobContainerClient ClientWith(StoreFaults faults, bool retries) =>
        AzuriteFixture.ClientOf(azurite.Azurite.ConnectionString, _container, new FaultyHandler(faults), retries);
}
