using System.Net;
using System.Net.Http.Headers;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Server.Tests.Stores;

/// <summary>A server that sends clients of blobs of 1 MiB or more to the account; by default none is sent (AzureBlobsTests).</summary>
public sealed class AzureRedirectTests(AzureRedirectTests.RedirectingServer server) : IClassFixture<AzureRedirectTests.RedirectingServer>
{
    private const int MiB = 1024 * 1024;

    private static readonly SampleBlob Large = SampleBlob.Random(1, MiB), Small = SampleBlob.Random(2, MiB - 1);

    private readonly RepositoryClient _repository = new(server.Http, "team/app");

    [Fact]
    public async Task GetBlob_OfALargeBlob_IsAtTheAccountAsTheAnswerSays()
    {
        using var answer = await server.Http.GetAsync(_repository.BlobPath(Large.Digest));

        Assert.Equal(HttpStatusCode.TemporaryRedirect, answer.StatusCode);
        Assert.Equal(Large.Digest.ToString(), Assert.Single(answer.Headers.GetValues("Docker-Content-Digest")));
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.Null(answer.Headers.ETag);
        Assert.Equal(0, answer.Content.Headers.ContentLength);
        var location = answer.Headers.Location!;
        Assert.StartsWith($"{server.Account}/blobs-of-eu/", location.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(Large.Content, await server.Following.GetByteArrayAsync(location));
    }

    [Theory]
    [InlineData(10, 19)]
    [InlineData(MiB - 3, null)]
    public async Task GetBlob_WithARange_IsThatRangeAtTheAccount(int from, int? to)
    {
        using var answer = await SendAsync(
            server.Following, HttpMethod.Get, Large, headers => headers.Range = new RangeHeaderValue(from, to));

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(server.Account.Port, answer.RequestMessage!.RequestUri!.Port);
        Assert.Equal(Large.Content[from..((to + 1) ?? MiB)], await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task HeadBlob_OfALargeBlob_IsAnsweredByTheServer()
    {
        using var answer = await SendAsync(server.Http, HttpMethod.Head, Large);

        Assert.Equal((HttpStatusCode.OK, MiB), (answer.StatusCode, answer.Content.Headers.ContentLength));
        Assert.Equal(Large.Digest.ToString(), Assert.Single(answer.Headers.GetValues("Docker-Content-Digest")));
    }

    [Fact]
    public async Task GetBlob_OfASmallBlob_IsSent() =>
        Assert.Equal(Small.Content, (await _repository.GetBlobAsync(Small.Digest)).Expect(HttpStatusCode.OK).Body);

    [Fact]
    public async Task GetBlob_ThatTheClientHas_IsNotModified()
    {
        using var answer = await SendAsync(
            server.Http, HttpMethod.Get, Large, headers => headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{Large.Digest}\"")));

        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
    }

    /// <summary>The account has another entity tag for it, and would send all of it.</summary>
    [Fact]
    public async Task GetBlob_WithARangeOfAnEntityTag_IsSent()
    {
        using var answer = await SendAsync(server.Http, HttpMethod.Get, Large, headers =>
        {
            headers.Range = new RangeHeaderValue(10, 19);
            headers.IfRange = new RangeConditionHeaderValue(new EntityTagHeaderValue($"\"{Large.Digest}\""));
        });

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(Large.Content[10..20], await answer.Content.ReadAsByteArrayAsync());
    }

    /// <summary>The account has it; only a repository that has it leads to it.</summary>
    [Fact]
    public async Task GetBlob_OfARepositoryThatDoesNotHaveIt_IsUnknown()
    {
        var answer = await new RepositoryClient(server.Http, "team/other").GetBlobAsync(Large.Digest);

        Assert.Equal("BLOB_UNKNOWN", answer.Expect(HttpStatusCode.NotFound).ErrorCode);
        Assert.Null(answer.Location);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpClient http, HttpMethod method, SampleBlob blob, Action<HttpRequestHeaders>? set = null)
    {
        using var request = new HttpRequestMessage(method, _repository.BlobPath(blob.Digest));
        set?.Invoke(request.Headers);
        return await http.SendAsync(request);
    }

    public sealed class RedirectingServer : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();
        private AzuriteProcess _azurite = null!;
        private RegistryProcess _server = null!;

        public Uri Account => _azurite.Url;

        /// <summary>A client that shows redirects.</summary>
        public HttpClient Http { get; private set; } = null!;

        /// <summary>A client that follows them.</summary>
        public HttpClient Following { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            _azurite = await AzuriteProcess.StartAsync();
            _server = await RegistryProcess.StartAsync(
                _folder.Path,
                "--region", "eu",
                "--GeoRegistry:Azure:ConnectionString", _azurite.ConnectionString,
                "--GeoRegistry:Azure:Container", "blobs-of-eu",
                "--GeoRegistry:Azure:CreateContainer", "true",
                "--GeoRegistry:Azure:RedirectMinMiB", "1");
            Http = _server.CreateClient();
            Following = new HttpClient { BaseAddress = _server.Address };
            foreach (var blob in new[] { Large, Small }) await new RepositoryClient(Http, "team/app").PushBlobAsync(blob.Content);
        }

        public async Task DisposeAsync()
        {
            Http.Dispose();
            Following.Dispose();
            await _server.DisposeAsync();
            await _azurite.DisposeAsync();
            _folder.Dispose();
        }
    }
}
