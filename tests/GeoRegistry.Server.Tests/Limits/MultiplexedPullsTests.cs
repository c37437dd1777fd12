using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Limits;

/// <summary>
/// A connection of HTTP/2 carries a hundred requests, each of which may have a blob's file open: twelve would use up all files that a
/// process may open by default. So clients are served by HTTP/1.1, where the limit of connections bounds the files.
/// </summary>
public sealed class MultiplexedPullsTests
{
    [Fact]
    public async Task Request_OverTlsByAClientOfHttp2_IsAnsweredByHttp11()
    {
        using var folder = new TemporaryFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllBytesAsync(folder.Child("server.pfx"), certificate.Export(X509ContentType.Pfx, "secret"));
        await using var server = await RegistryProcess.StartAsync(folder.Child("data"), "--listen", "https://127.0.0.1:0",
            "--Kestrel:Certificates:Default:Path", folder.Child("server.pfx"), "--Kestrel:Certificates:Default:Password", "secret");
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var client = new HttpClient(handler) { BaseAddress = server.Address, DefaultRequestVersion = HttpVersion.Version20 };

        using var answer = await client.GetAsync("/v2/");

        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version11), (answer.StatusCode, answer.Version));
    }
}
