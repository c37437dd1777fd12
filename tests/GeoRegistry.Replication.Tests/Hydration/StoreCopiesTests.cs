using System.Collections.Concurrent;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Blobs;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>Blobs that this region's store copies from another's by itself.</summary>
public sealed class StoreCopiesTests : IAsyncLifetime
{
    private readonly SampleBlob _blob = SampleBlob.Random(1, StoreCopies.MinBytes), _second = SampleBlob.Random(2, StoreCopies.MinBytes);
    private readonly SampleBlob _small = SampleBlob.Random(3, StoreCopies.MinBytes - 1);
    private readonly FakeTimeProvider _clock = new();
    private readonly TestCopies _copies = new();
    private readonly ConcurrentQueue<string> _offers = new();
    private int _offerStatus = StatusCodes.Status200OK;
    private TestSource _us = null!, _ap = null!;
    private HydratingRegion _region = null!;

    public async Task InitializeAsync()
    {
        _us = await TestSource.StartAsync(_blob, _second, _small);
        _ap = await TestSource.StartAsync(_blob, _second);
        _us.Other = OfferAsync;
        _region = new HydratingRegion(_clock, _copies, _us.Address, _ap.Address);
        _copies.Copy = (upload, _) => FillAsync(upload, _blob.Content);
    }

    public async Task DisposeAsync()
    {
        await _region.DisposeAsync();
        await _us.DisposeAsync();
        await _ap.DisposeAsync();
    }

    [Fact]
    public async Task FetchAsync_TheStoreCanCopy_NoRegionSendsTheBlob()
    {
        Assert.Equal(new FetchOutcome.Stored(0, _blob.SizeBytes), await FetchAsync(_blob));

        Assert.Equal(_blob.Content, await _region.StoredAsync(_blob));
        Assert.Equal([new Uri($"https://store.example/{_blob.Digest}?sig=1")], _copies.Sources);
        Assert.Empty(_us.Requests);
        Assert.Empty(await _region.UploadsAsync());
    }

    /// <summary>The region's own bytes are wrong: what it would send, too. Nothing of them is ever the blob.</summary>
    [Fact]
    public async Task FetchAsync_TheCopyHasOtherBytes_TheRegionsCopyCountsAsDamagedAndTheNextIsAsked()
    {
        _copies.Copy = (upload, _) => FillAsync(upload, new byte[_blob.SizeBytes]);

        Assert.Equal(new FetchOutcome.Stored(_blob.SizeBytes, _blob.SizeBytes), await FetchAsync(_blob));

        Assert.Equal(_blob.Content, await _region.StoredAsync(_blob));
        Assert.Contains(_region.Log.Lines, line => line.Text.Contains("Region us has a damaged copy", StringComparison.Ordinal));
        Assert.Empty(_us.Requests);
        Assert.Single(_ap.Requests);
    }

    [Fact]
    public async Task FetchAsync_TheCopyFails_TheBlobIsSentAndNoCopyIsTriedForAWhile()
    {
        _copies.Copy = async (upload, _) =>
        {
            await FillAsync(upload, new byte[10]); // Whatever it left.
            return "the service answered 501";
        };

        Assert.Equal(new FetchOutcome.Stored(_blob.SizeBytes), await FetchAsync(_blob));
        Assert.Equal(new FetchOutcome.Stored(_second.SizeBytes), await FetchAsync(_second));

        Assert.Single(_offers);
        var told = Assert.Single(_region.Log.Lines, line => line.Text.Contains("could not copy", StringComparison.Ordinal)).Text;
        Assert.Contains("of region us: the service answered 501. Region us sends its blobs itself", told, StringComparison.Ordinal);

        _clock.Advance(StoreCopies.Pause);
        await _region.Blobs.DeleteAsync(_blob.Digest);
        _copies.Copy = (upload, _) => FillAsync(upload, _blob.Content);
        Assert.Equal(new FetchOutcome.Stored(0, _blob.SizeBytes), await FetchAsync(_blob));
    }

    [Theory]
    [InlineData(StatusCodes.Status501NotImplemented)] // Its store offers none.
    [InlineData(StatusCodes.Status404NotFound)] // A build that knows no offers.
    [InlineData(StatusCodes.Status503ServiceUnavailable)]
    public async Task FetchAsync_TheRegionOffersNothing_IsNotAskedAgainForAWhile(int status)
    {
        _offerStatus = status;

        Assert.Equal(new FetchOutcome.Stored(_blob.SizeBytes), await FetchAsync(_blob));
        Assert.Equal(new FetchOutcome.Stored(_second.SizeBytes), await FetchAsync(_second));

        Assert.Single(_offers);
    }

    /// <summary>That says nothing of others.</summary>
    [Fact]
    public async Task FetchAsync_TheRegionDoesNotHaveTheBlob_IsAskedForTheNext()
    {
        _offerStatus = StatusCodes.Status204NoContent;

        await FetchAsync(_blob);
        await FetchAsync(_second);

        Assert.Equal(2, _offers.Count);
    }

    [Fact]
    public async Task FetchAsync_OfASmallBlob_IsSent()
    {
        Assert.Equal(new FetchOutcome.Stored(_small.SizeBytes), await FetchAsync(_small));

        Assert.Empty(_offers);
    }

    /// <summary>The copy is of another size, which the region says itself when it is to send it.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task FetchAsync_TheCopyHasAnotherSize_TheBlobIsSent(int more)
    {
        _copies.Copy = (upload, _) => FillAsync(upload, new byte[_blob.SizeBytes + more]);

        await FetchAsync(_blob);

        Assert.Single(_us.Requests);
        Assert.Equal(_blob.Content, await _region.StoredAsync(_blob));
    }

    /// <summary>Clients read what is sent while it comes; of a copy nothing can be read before its end.</summary>
    [Fact]
    public async Task OpenAsync_WhileTheStoreCopies_AbortsTheCopyAndReadsWhatIsSent()
    {
        var aborted = _copies.NeverEnds();
        var fetch = FetchAsync(_blob);
        await _copies.Began.OrFail("the copy");

        var reader = await _region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default).OrFail("the blob");

        Assert.Equal(_blob.Content, await _region.ReadAsync(reader!).OrFail("its bytes"));
        await aborted.OrFail("the copy is aborted");
        Assert.Equal(new FetchOutcome.Stored(_blob.SizeBytes), await fetch);
        Assert.Empty(await _region.UploadsAsync());
    }

    [Fact]
    public async Task OpenAsync_OfWhatNobodyFetches_IsSent()
    {
        var reader = await _region.Fetches.OpenAsync(_blob.Digest, _blob.SizeBytes, default).OrFail("the blob");

        Assert.Equal(_blob.Content, await _region.ReadAsync(reader!).OrFail("its bytes"));
        Assert.Empty(_offers);
    }

    [Fact]
    public async Task DisposeAsync_WhileTheStoreCopies_AbortsTheCopy()
    {
        var aborted = _copies.NeverEnds();
        var fetch = FetchAsync(_blob);
        await _copies.Began.OrFail("the copy");

        await _region.Fetches.DisposeAsync().AsTask().OrFail("the fetches end");

        await aborted.OrFail("the copy is aborted");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        Assert.Single(await _region.UploadsAsync());
    }

    private Task<FetchOutcome> FetchAsync(SampleBlob blob) =>
        _region.Fetches.FetchAsync(blob.Digest, blob.SizeBytes, Us).OrFail("the fetch");

    private Task OfferAsync(HttpContext http)
    {
        var digest = http.Request.Path.Value![BlobOffer.Path.Length..];
        _offers.Enqueue(digest);
        http.Response.StatusCode = _offerStatus;
        return _offerStatus == StatusCodes.Status200OK
            ? http.Response.WriteAsJsonAsync(new BlobOffer($"https://store.example/{digest}?sig=1"))
            : Task.CompletedTask;
    }

    private static async Task<string?> FillAsync(IBlobUpload upload, byte[] content)
    {
        await upload.AppendAsync(content);
        await upload.FlushAsync();
        return null;
    }

    private sealed class TestCopies : IBlobCopies
    {
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<Uri> Sources { get; } = new();

        public Task Began => _began.Task;

        public Func<IBlobUpload, CancellationToken, Task<string?>> Copy { get; set; } = null!;

        public Task NeverEnds()
        {
            var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Copy = async (_, cancellation) =>
            {
                await using var ending = cancellation.Register(aborted.SetResult);
                _began.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
                return null;
            };
            return aborted.Task;
        }

        public ValueTask<Uri?> OfferAsync(Digest digest, CancellationToken cancellation = default) => default;

        public Task<string?> CopyAsync(IBlobUpload upload, Uri source, CancellationToken cancellation = default)
        {
            Sources.Enqueue(source);
            return Copy(upload, cancellation);
        }
    }
}
