using System.Collections.Concurrent;
using System.Security.Cryptography;
using Azure.Storage.Blobs;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>
/// Copies between two accounts, which are of one Azurite: it copies between its own only. They end before the answer there, so that
/// those that do not are answers that are changed on their way.
/// </summary>
public sealed class AccountCopyTests(AccountCopyTests.Accounts accounts) : IClassFixture<AccountCopyTests.Accounts>, IAsyncLifetime
{
    private const string Key = "fetch-1";

    private static readonly SampleBlob Blob = SampleBlob.Random(1, UploadBlocks.FirstBlockBytes + 1000);

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly PendingCopies _pending = new();
    private readonly string _container = $"test-{Guid.NewGuid():n}";
    private AzureBlobStore _source = null!, _target = null!, _other = null!;

    public async Task InitializeAsync()
    {
        foreach (var account in new[] { "eu", "us" }) await ClientOf(account).CreateAsync();
        _source = new AzureBlobStore(ClientOf("eu"), TimeProvider.System);
        _target = new AzureBlobStore(ClientOf("us", _pending), _clock);
        _other = new AzureBlobStore(ClientOf("us"), _clock); // Another server of the target's region.
        await using var upload = await _source.BeginUploadAsync("upload");
        await upload.AppendAsync(Blob.Content);
        await upload.CommitAsync(Blob.Digest);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task CopyAsync_FromAnotherAccount_TheUploadHasTheBytesAndBecomesTheBlob()
    {
        await using var upload = await _target.BeginUploadAsync(Key);

        Assert.Null(await _target.CopyAsync(upload, await OfferAsync()));

        Assert.Equal((Blob.SizeBytes, Blob.SizeBytes), (upload.SizeBytes, upload.FlushedBytes));
        Assert.Equal(Blob.Digest, await HashAsync(upload));
        Assert.Null(await _target.FindAsync(Blob.Digest));
        await upload.CommitAsync(Blob.Digest);
        Assert.Equal(Blob.SizeBytes, await _target.FindAsync(Blob.Digest));
        Assert.Empty(await _target.ListUploadsAsync().ToListAsync());
    }

    /// <summary>Whoever copied it found that it is not the blob.</summary>
    [Fact]
    public async Task TruncateAsync_OfACopy_LeavesAnUploadThatIsWrittenAsAnyOther()
    {
        await using var upload = await _target.BeginUploadAsync(Key);
        Assert.Null(await _target.CopyAsync(upload, await OfferAsync()));

        await upload.TruncateAsync(0);
        await upload.AppendAsync("other"u8.ToArray());
        await upload.CommitAsync(Digest.Of("other"u8));

        Assert.Equal(5, await _target.FindAsync(Digest.Of("other"u8)));
    }

    /// <summary>It was put there by other means than a server's: it has no blocks.</summary>
    [Fact]
    public async Task TruncateAsync_OfACopyWithoutBlocks_LeavesAnEmptyUpload()
    {
        var (whole, digest) = (ClientOf("eu").GetBlobClient(BlobKeys.Blob(Digest.Of("whole"u8))), Digest.Of("whole"u8));
        await whole.UploadAsync(BinaryData.FromString("whole"));
        await using var upload = await _target.BeginUploadAsync(Key);
        Assert.Null(await _target.CopyAsync(upload, (await _source.OfferAsync(digest))!));
        Assert.Equal(5, upload.SizeBytes);

        await upload.TruncateAsync(0);

        await using var resumed = await _other.ResumeUploadAsync(Key);
        Assert.Equal(0, resumed!.SizeBytes);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/eu/blobs/x?sig=y")] // Another Azurite, which it refuses to copy from; or nothing at all.
    [InlineData("ftp://127.0.0.1/x")]
    public async Task CopyAsync_OfAUrlThatCannotBeRead_SaysSoWithoutItAndTheUploadGoesOn(string url)
    {
        await using var upload = await _target.BeginUploadAsync(Key);

        var failure = await _target.CopyAsync(upload, new Uri(url));

        Assert.NotNull(failure);
        Assert.DoesNotContain("sig=", failure, StringComparison.Ordinal);
        await upload.TruncateAsync(0);
        await upload.AppendAsync(Blob.Content);
        await upload.CommitAsync(Blob.Digest);
        Assert.Equal(Blob.SizeBytes, await _target.FindAsync(Blob.Digest));
    }

    [Fact]
    public async Task CopyAsync_OfASignatureThatHasExpired_IsRefused()
    {
        var late = new AzureBlobStore(ClientOf("eu"), new FakeTimeProvider(_clock.GetUtcNow() - TimeSpan.FromHours(2)));
        await using var upload = await _target.BeginUploadAsync(Key);

        var failure = await _target.CopyAsync(upload, (await late.OfferAsync(Blob.Digest))!);

        Assert.Equal("the service answered 403 CannotVerifyCopySource", failure);
    }

    [Fact]
    public async Task CopyAsync_IsPending_IsWaitedForAsLongAsItMoves()
    {
        _pending.Progress = "1/10";
        await using var upload = await _target.BeginUploadAsync(Key);
        var copy = _target.CopyAsync(upload, await OfferAsync());
        await AdvanceUntilAsync("three looks at the copy", () => _pending.Looks >= 3);
        Assert.False(copy.IsCompleted);
        Assert.Equal(0, upload.FlushedBytes);

        _pending.Progress = null;
        await AdvanceUntilAsync("the end of the copy", () => copy.IsCompleted);

        Assert.Null(await copy);
        Assert.Equal(Blob.Digest, await HashAsync(upload));
    }

    [Fact]
    public async Task CopyAsync_StandsStill_IsAborted()
    {
        _pending.Progress = "1/10";
        await using var upload = await _target.BeginUploadAsync(Key);
        var copy = _target.CopyAsync(upload, await OfferAsync());

        await AdvanceUntilAsync("the end of the copy", () => copy.IsCompleted);

        Assert.Equal("it stood still at 1/10 for 60 s", await copy);
        Assert.NotEmpty(_pending.Aborted);
        await AssertIsWrittenAsync(upload);
    }

    [Fact]
    public async Task CopyAsync_IsCancelled_IsAborted()
    {
        _pending.Progress = "1/10";
        using var cancelling = new CancellationTokenSource();
        await using var upload = await _target.BeginUploadAsync(Key);
        var copy = _target.CopyAsync(upload, await OfferAsync(), cancelling.Token);
        await AdvanceUntilAsync("a look at the copy", () => _pending.Looks >= 1);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copy.OrFail("the copy ends"));
        Assert.NotEmpty(_pending.Aborted);
        await AssertIsWrittenAsync(upload);
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("aborted")]
    public async Task CopyAsync_Fails_SaysSo(string state)
    {
        (_pending.Progress, _pending.State) = ("1/10", state);
        await using var upload = await _target.BeginUploadAsync(Key);

        var failure = await _target.CopyAsync(upload, await OfferAsync());

        Assert.StartsWith($"it ended as {state}", failure, StringComparison.OrdinalIgnoreCase);
        await AssertIsWrittenAsync(upload);
    }

    /// <summary>The server that began it was killed: the object may not be written before it was aborted.</summary>
    [Fact]
    public async Task ResumeUploadAsync_ACopyIsPending_AbortsItAndIsEmpty()
    {
        _pending.Progress = "1/10";
        var killed = await _target.BeginUploadAsync(Key);
        _ = _target.CopyAsync(killed, await OfferAsync());
        await AdvanceUntilAsync("a look at the copy", () => _pending.Looks >= 1);

        await using var resumed = await _target.ResumeUploadAsync(Key);

        Assert.NotEmpty(_pending.Aborted);
        Assert.Equal(0, resumed!.SizeBytes);
        await AssertIsWrittenAsync(resumed);
    }

    /// <summary>What a sweep does with what nobody resumed.</summary>
    [Fact]
    public async Task DiscardAsync_OfAnUploadWhoseCopyWasPending_LeavesNothing()
    {
        _pending.Progress = "1/10";
        var killed = await _target.BeginUploadAsync(Key);
        _ = _target.CopyAsync(killed, await OfferAsync());
        await AdvanceUntilAsync("a look at the copy", () => _pending.Looks >= 1);
        Assert.Equal(Key, Assert.Single(await _target.ListUploadsAsync().ToListAsync()).Key);

        await using (var resumed = await _target.ResumeUploadAsync(Key)) await resumed!.DiscardAsync();

        Assert.NotEmpty(_pending.Aborted);
        Assert.Empty(await _target.ListUploadsAsync().ToListAsync());
        Assert.Null(await _target.FindAsync(Blob.Digest));
    }

    /// <summary>A killed server's copy ended after it: who resumes it has the bytes, and their hash is theirs to see to.</summary>
    [Fact]
    public async Task ResumeUploadAsync_ACopyHasEnded_HasItsBytesAndCanBeDiscarded()
    {
        var killed = await _target.BeginUploadAsync(Key);
        Assert.Null(await _target.CopyAsync(killed, await OfferAsync()));

        await using var resumed = await _other.ResumeUploadAsync(Key);

        Assert.Equal(Blob.SizeBytes, resumed!.SizeBytes);
        Assert.Equal(Blob.Digest, await HashAsync(resumed));
        await resumed.DiscardAsync();
        Assert.Empty(await _target.ListUploadsAsync().ToListAsync());
        Assert.Null(await _target.FindAsync(Blob.Digest));
    }

    [Fact]
    public async Task CopyAsync_AnotherHasTakenTheUploadOver_ChangesNothing()
    {
        await using var upload = await _target.BeginUploadAsync(Key);
        await using var holder = await _other.ResumeUploadAsync(Key);

        await Assert.ThrowsAsync<UploadTakenOverException>(async () => await _target.CopyAsync(upload, await OfferAsync()));

        await AssertIsWrittenAsync(holder!);
    }

    [Fact]
    public async Task OfferAsync_OfARegionThatHasOnlyASignature_IsNone()
    {
        var options = new AzureStorageOptions { AccountUrl = "https://eu.blob.core.windows.net", Sas = "sv=1&sig=2", Container = "blobs" };

        Assert.Null(await new AzureBlobStore(options, TimeProvider.System).OfferAsync(Blob.Digest));
    }

    private BlobContainerClient ClientOf(string account, DelegatingHandler? onTheWay = null) =>
        AzuriteFixture.ClientOf(accounts.Azurite.ConnectionStringOf(account), _container, onTheWay);

    private async Task<Uri> OfferAsync() => (await _source.OfferAsync(Blob.Digest))!;

    private Task AdvanceUntilAsync(string what, Func<bool> isSo) => Waiting.UntilAsync(what, () =>
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        return Task.FromResult(isSo());
    });

    private static async Task<Digest> HashAsync(IBlobUpload upload)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await upload.HashAsync(hash);
        return Digest.FromHash(DigestAlgorithm.Sha256, hash.GetCurrentHash());
    }

    private async Task AssertIsWrittenAsync(IBlobUpload upload)
    {
        _pending.Progress = null;
        await upload.TruncateAsync(0);
        await upload.AppendAsync("other"u8.ToArray());
        await upload.CommitAsync(Digest.Of("other"u8));
        Assert.Equal(5, await _other.FindAsync(Digest.Of("other"u8)));
    }

    /// <summary>One Azurite with two accounts.</summary>
    public sealed class Accounts : IAsyncLifetime
    {
        public AzuriteProcess Azurite { get; private set; } = null!;

        public async Task InitializeAsync() => Azurite = await AzuriteProcess.StartAsync("eu", "us");

        public async Task DisposeAsync() => await Azurite.DisposeAsync();
    }

    /// <summary>Lets copies to uploads look as if they went on, until they are aborted.</summary>
    private sealed class PendingCopies : DelegatingHandler
    {
        private int _looks;

        /// <summary>How far they are; null when they have succeeded.</summary>
        public string? Progress { get; set; }

        public string State { get; set; } = "pending";

        public int Looks => Volatile.Read(ref _looks);

        public ConcurrentQueue<string> Aborted { get; } = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Headers.TryGetValues("x-ms-copy-action", out var actions) && actions.Contains("abort"))
            {
                Aborted.Enqueue(request.RequestUri!.Query);
                State = "aborted";
                return new HttpResponseMessage(System.Net.HttpStatusCode.NoContent) { RequestMessage = request };
            }

            var answer = await base.SendAsync(request, cancellationToken);
            var isLook = request.Method == HttpMethod.Head
                && request.RequestUri!.AbsolutePath.Contains("/uploads/", StringComparison.Ordinal);
            if (!isLook || Progress is not { } progress || !answer.Headers.Remove("x-ms-copy-status")) return answer;
            answer.Headers.Add("x-ms-copy-status", State);
            answer.Headers.Remove("x-ms-copy-progress");
            answer.Headers.Add("x-ms-copy-progress", progress);
            Interlocked.Increment(ref _looks);
            return answer;
        }
    }
}
