using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Limits;

/// <summary>Over TLS a connection of HTTP/2 carries many requests, each of which may have a blob's file open.</summary>
public sealed class MultiplexedPullsTests
{
    private const int FilesAllowed = 1024, Pulls = 1200;

    [Fact]
    public async Task Pull_MoreAtOnceOnAFewConnectionsThanFilesMayBeOpen_LeavesTheServerAnsweringOthers()
    {
        using var folder = new TemporaryFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllBytesAsync(folder.Child("server.pfx"), certificate.Export(X509ContentType.Pfx, "secret"));
        await using var server = await RegistryProcess.StartThroughAsync(
            ["sh", "-c", $"ulimit -n {FilesAllowed} && exec \"$@\"", "sh"], folder.Child("data"), "--listen", "https://127.0.0.1:0",
            "--Kestrel:Certificates:Default:Path", folder.Child("server.pfx"), "--Kestrel:Certificates:Default:Password", "secret");
        var blob = new SeededBlob(1, 4 * 1024 * 1024);
        using var other = CreateClient(server, HttpVersion.Version11);
        await new RepositoryClient(other, "team/app").PushBlobAsync(blob.ToBytes());

        using var many = CreateClient(server, HttpVersion.Version20);
        using var ended = new CancellationTokenSource();
        var path = $"/v2/team/app/blobs/{blob.Digest}";
        var pulls = Enumerable.Range(0, Pulls)
            .Select(_ => many.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, ended.Token)).ToList();
        await Task.WhenAny(Task.WhenAll(pulls), Task.Delay(TimeSpan.FromSeconds(20)));

        using var another = CreateClient(server, HttpVersion.Version11);
        using var pulled = await another.GetAsync(path).OrFail("a pull of somebody else");
        Assert.Equal((HttpStatusCode.OK, blob.SizeBytes), (pulled.StatusCode, pulled.Content.Headers.ContentLength));
        await ended.CancelAsync();
    }

    private static HttpClient CreateClient(RegistryProcess server, Version version)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        return new HttpClient(handler)
        {
            BaseAddress = server.Address,
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }
}
