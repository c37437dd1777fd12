using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Web;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>A store that has an identity and no key.</summary>
/// <remarks>
/// Azurite takes any token, so that identities themselves are not tested; and it knows user delegation signatures only as they were
/// before version 2026-04-06, so that no URL is read here.
/// </remarks>
public sealed class UserDelegationTests : IAsyncLifetime
{
    private static readonly SampleBlob Blob = SampleBlob.Of("0123456789");

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly TestAuthority _authority;
    private readonly X509Certificate2 _trusted;
    private readonly KeyRequests _requests;
    private AzuriteProcess _azurite = null!;
    private AzureBlobStore _store = null!;

    public UserDelegationTests()
    {
        _authority = new TestAuthority(_folder.Path);
        _trusted = X509CertificateLoader.LoadCertificateFromFile(_authority.File);
        _requests = new KeyRequests { InnerHandler = TrustingHandler() };
    }

    public async Task InitializeAsync()
    {
        _azurite = await AzuriteProcess.StartForIdentitiesAsync(_authority.Issue("azurite"));
        var client = AzureClient.OptionsFor(TimeSpan.FromSeconds(10));
        client.Transport = new HttpClientTransport(new HttpClient(_requests) { Timeout = Timeout.InfiniteTimeSpan });
        var options = new AzureStorageOptions
        {
            AccountUrl = $"{_azurite.Url}", Container = "blobs-of-eu", CreateContainer = true, RedirectMinMiB = 1,
        };
        var service = new BlobServiceClient(_azurite.Url, new AnyIdentity(), client);
        _store = new AzureBlobStore(service.GetBlobContainerClient(options.Container), _clock, options);
        await _store.PrepareAsync(RegionId.Parse("eu"));
        await using var upload = await _store.BeginUploadAsync("upload");
        await upload.AppendAsync(Blob.Content);
        await upload.CommitAsync(Blob.Digest);
    }

    public async Task DisposeAsync()
    {
        _requests.Dispose();
        await _azurite.DisposeAsync();
        _trusted.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task SignAsync_OfABlob_AllowsToReadItOverHttpsForAWhile()
    {
        var url = (await _store.SignAsync(Blob.Digest))!;

        var parts = HttpUtility.ParseQueryString(url.Query);
        Assert.Equal($"{_azurite.Url}/blobs-of-eu/{BlobKeys.Blob(Blob.Digest)}", url.GetLeftPart(UriPartial.Path));
        Assert.Equal(("b", "r", "https"), (parts["sr"], parts["sp"], parts["spr"]));
        Assert.Equal((AnyIdentity.Id, AnyIdentity.Tenant), (parts["skoid"], parts["sktid"]));
        Assert.InRange(_clock.GetUtcNow(), TimeOf("skt") + TimeSpan.FromMinutes(14), TimeOf("ske") - BlobSignatures.KeyLifetime);
        var lifetime = TimeOf("se") - _clock.GetUtcNow();
        Assert.Equal(new AzureStorageOptions().RedirectLifetime.TotalSeconds, lifetime.TotalSeconds, tolerance: 1);

        DateTimeOffset TimeOf(string part) => DateTimeOffset.Parse(parts[part]!, CultureInfo.InvariantCulture);
    }

    /// <summary>A key is good for many signatures, and is asked for anew before one would outlive it.</summary>
    [Fact]
    public async Task SignAsync_ManyTimes_AsksForAKeyTwiceADay()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _store.SignAsync(Blob.Digest).AsTask()));
        _clock.Advance(BlobSignatures.KeyLifetime - TimeSpan.FromMinutes(1));
        await _store.SignAsync(Blob.Digest);
        Assert.Equal(1, _requests.Count);

        _clock.Advance(TimeSpan.FromMinutes(1));
        await _store.SignAsync(Blob.Digest);

        Assert.Equal(2, _requests.Count);
    }

    /// <summary>Its role may lack that one right, which is the account's and not the container's.</summary>
    [Fact]
    public async Task SignAsync_TheIdentityGetsNoKey_IsAFaultThatSaysSo()
    {
        _requests.Refuses = true;

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => _store.SignAsync(Blob.Digest).AsTask());

        Assert.Contains("could not get a user delegation key. Access was refused", fault.Message, StringComparison.Ordinal);
        _requests.Refuses = false;
        Assert.NotNull(await _store.SignAsync(Blob.Digest));
    }

    private SocketsHttpHandler TrustingHandler() => new()
    {
        SslOptions =
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { _trusted },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    };

    private sealed class KeyRequests : DelegatingHandler
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public bool Refuses { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.RequestUri!.Query.Contains("comp=userdelegationkey", StringComparison.Ordinal))
                return await base.SendAsync(request, cancellationToken);
            Interlocked.Increment(ref _count);
            return Refuses
                ? new HttpResponseMessage(HttpStatusCode.Forbidden) { RequestMessage = request }
                : await base.SendAsync(request, cancellationToken);
        }
    }

    /// <summary>Its tokens have what Azurite reads of one; nobody has signed them.</summary>
    private sealed class AnyIdentity : TokenCredential
    {
        public const string Id = "11111111-1111-1111-1111-111111111111", Tenant = "22222222-2222-2222-2222-222222222222";

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            var now = TimeProvider.System.GetUtcNow();
            var claims = JsonSerializer.SerializeToUtf8Bytes(new
            {
                aud = "https://storage.azure.com",
                iss = "https://sts.windows.net/tenant/",
                oid = Id,
                tid = Tenant,
                iat = now.ToUnixTimeSeconds() - 60,
                nbf = now.ToUnixTimeSeconds() - 60,
                exp = now.ToUnixTimeSeconds() + 3600,
            });
            var head = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);
            return new AccessToken($"{head}.{Base64Url.EncodeToString(claims)}.c2lnbmF0dXJl", now.AddHours(1));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
