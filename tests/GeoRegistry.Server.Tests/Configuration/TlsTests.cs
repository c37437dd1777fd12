using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>TLS as docs/configuration.md says to set it up: a https URL, and a certificate by Kestrel's own keys.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _certificate;

    public TlsTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    [Fact]
    public async Task Https_WithPkcs12File_ServesThatCertificate()
    {
        await AssertServedAsync(await WritePkcs12Async());
    }

    /// <summary>
    /// A connection of HTTP/2 carries a hundred requests, each of which may have a blob's file open: twelve would use up all files that a
    /// process may open by default. By HTTP/1.1 the limit of connections bounds the files.
    /// </summary>
    [Fact]
    public async Task Https_ByAClientOfHttp2_IsAnsweredByHttp11()
    {
        await using var server = await StartAsync(await WritePkcs12Async());
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var client = new HttpClient(handler) { BaseAddress = server.Address, DefaultRequestVersion = HttpVersion.Version20 };

        using var answer = await client.GetAsync("/v2/");

        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version11), (answer.StatusCode, answer.Version));
    }

    [Fact]
    public async Task Https_WithPemFiles_ServesThatCertificate()
    {
        using var key = _certificate.GetECDsaPrivateKey()!;
        await File.WriteAllTextAsync(_folder.Child("server.crt"), _certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(_folder.Child("server.key"), key.ExportPkcs8PrivateKeyPem());
        await AssertServedAsync("--Kestrel:Certificates:Default:Path", _folder.Child("server.crt"),
            "--Kestrel:Certificates:Default:KeyPath", _folder.Child("server.key"));
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Dispose();
    }

    private async Task<string[]> WritePkcs12Async()
    {
        await File.WriteAllBytesAsync(_folder.Child("server.pfx"), _certificate.Export(X509ContentType.Pfx, "secret"));
        return ["--Kestrel:Certificates:Default:Path", _folder.Child("server.pfx"), "--Kestrel:Certificates:Default:Password", "secret"];
    }

    private Task<RegistryProcess> StartAsync(string[] arguments) =>
        RegistryProcess.StartAsync(_folder.Child("data"), ["--listen", "https://127.0.0.1:0", .. arguments]);

    private async Task AssertServedAsync(params string[] arguments)
    {
        await using var server = await StartAsync(arguments);
        Assert.Equal("https", server.Address.Scheme);
        string? served = null;
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
            {
                served = certificate!.Thumbprint;
                return true;
            },
        };
        using var http = new HttpClient(handler);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(server.Address, "v2/"))).StatusCode);
        Assert.Equal(_certificate.Thumbprint, served);
    }
}
