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
        await File.WriteAllBytesAsync(_folder.Child("server.pfx"), _certificate.Export(X509ContentType.Pfx, "secret"));
        await AssertServedAsync("--Kestrel:Certificates:Default:Path", _folder.Child("server.pfx"),
            "--Kestrel:Certificates:Default:Password", "secret");
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

    private async Task AssertServedAsync(params string[] arguments)
    {
        await using var server = await RegistryProcess.StartAsync(
            _folder.Child("data"), ["--listen", "https://127.0.0.1:0", .. arguments]);
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
