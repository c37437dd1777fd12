using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.FrontDoor.Peers;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.FrontDoor.Tests.Pulling;

/// <summary>Which GETs of blobs are redirected to the store. What a client finds there is tested in AzureRedirectTests.</summary>
public sealed class BlobRedirectionTests
{
    private static readonly Digest Digest = Digest.Of("content"u8);

    private readonly TestStore _store = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly BlobRedirection _redirection;

    public BlobRedirectionTests() => _redirection = new BlobRedirection(_store, _clock, NullLogger<BlobRedirection>.Instance);

    [Theory]
    [InlineData(TestStore.Bytes, true, false, true)]
    [InlineData(TestStore.Bytes - 1, true, false, false)] // Small.
    [InlineData(TestStore.Bytes, false, false, false)] // On its way from another region: the store does not have it yet.
    [InlineData(TestStore.Bytes, true, true, false)] // For another region, which hashes what it is sent.
    public async Task TryRedirectAsync_OfABlob_OnlyWhereAClientCanReadItInTheStore(
        long sizeBytes, bool isStored, bool isForRegion, bool isRedirected)
    {
        var http = new DefaultHttpContext();
        if (isForRegion) http.Features.Set(new PeerIdentity(RegionId.Parse("us")));

        Assert.Equal(isRedirected, await TryAsync(http, sizeBytes, isStored));

        Assert.Equal(isRedirected ? 307 : 200, http.Response.StatusCode);
        Assert.Equal(isRedirected ? TestStore.Url : "", http.Response.Headers.Location.ToString());
    }

    [Fact]
    public async Task TryRedirectAsync_NothingCanBeSigned_TheServerSendsAndTriesAgainAfterAPause()
    {
        _store.Failure = new IOException("no key");
        Assert.False(await TryAsync(new DefaultHttpContext()));
        _store.Failure = null;

        Assert.False(await TryAsync(new DefaultHttpContext()));
        Assert.Equal(1, _store.Asked);

        _clock.Advance(BlobRedirection.Pause);
        Assert.True(await TryAsync(new DefaultHttpContext()));
    }

    [Fact]
    public async Task TryRedirectAsync_TheStoreMayNotSign_TheServerSends()
    {
        _store.MaySign = false;

        Assert.False(await TryAsync(new DefaultHttpContext()));
    }

    private async Task<bool> TryAsync(HttpContext http, long sizeBytes = TestStore.Bytes, bool isStored = true)
    {
        await using var content = new BlobContent(new SizedReader(sizeBytes)) { IsStored = isStored };
        return await _redirection.TryRedirectAsync(new OciRequest(http, RepositoryName.Parse("team/app"), $"{Digest}"), Digest, content);
    }

    private sealed class TestStore : IBlobRedirects
    {
        public const long Bytes = 1000;

        public const string Url = "https://store.example/blob?sig=a%2Fb";

        public long MinBytes => Bytes;

        public Exception? Failure { get; set; }

        public bool MaySign { get; set; } = true;

        public int Asked { get; private set; }

        public ValueTask<Uri?> SignAsync(Digest digest, CancellationToken cancellation = default)
        {
            Asked++;
            if (Failure is not null) throw Failure;
            return ValueTask.FromResult(MaySign ? new Uri(Url) : null);
        }
    }

    private sealed class SizedReader(long sizeBytes) : IBlobReader
    {
        public long SizeBytes => sizeBytes;

        public ValueTask<Stream> OpenRangeAsync(long offset, long lengthBytes, CancellationToken cancellation = default) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
