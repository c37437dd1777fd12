using System.Net;
using System.Net.Http.Headers;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>URLs that clients read blobs at, signed with the account's key.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class SignatureTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly SampleBlob Blob = SampleBlob.Of("0123456789");

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly HttpClient _http = new();
    private AzureBlobStore _store = null!;

    public async Task InitializeAsync()
    {
        var container = await azurite.CreateContainerAsync();
        _store = new AzureBlobStore(AzuriteFixture.ClientOf(azurite.Azurite.ConnectionString, container), _clock);
        await using var upload = await _store.BeginUploadAsync("upload");
        await upload.AppendAsync(Blob.Content);
        await upload.CommitAsync(Blob.Digest);
    }

    public Task DisposeAsync()
    {
        _http.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task SignAsync_OfABlob_IsReadWholeAndInRanges()
    {
        var url = await _store.SignAsync(Blob.Digest);
        using var part = new HttpRequestMessage(HttpMethod.Get, url);
        part.Headers.Range = new RangeHeaderValue(2, 4);

        Assert.Equal(Blob.Content, await _http.GetByteArrayAsync(url));
        using var answer = await _http.SendAsync(part);
        Assert.Equal((HttpStatusCode.PartialContent, "234"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task SignAsync_OfABlob_AllowsNothingButToReadIt()
    {
        var url = (await _store.SignAsync(Blob.Digest))!;
        var (region, list) = (new UriBuilder(url), new UriBuilder(url));
        list.Path = region.Path[..region.Path.IndexOf("/blobs/", StringComparison.Ordinal)];
        region.Path = $"{list.Path}/{BlobKeys.Region}";
        list.Query += "&restype=container&comp=list";

        using var delete = await _http.DeleteAsync(url);
        using var other = await _http.GetAsync(region.Uri);
        using var listed = await _http.GetAsync(list.Uri);

        Assert.Equal(HttpStatusCode.Forbidden, delete.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, listed.StatusCode);
    }

    [Fact]
    public async Task SignAsync_ItsTimeIsOver_IsRefused()
    {
        _clock.AdjustTime(_clock.GetUtcNow() - new AzureStorageOptions().RedirectLifetime - TimeSpan.FromSeconds(2));

        using var late = await _http.GetAsync(await _store.SignAsync(Blob.Digest));

        Assert.Equal(HttpStatusCode.Forbidden, late.StatusCode);
    }
}
