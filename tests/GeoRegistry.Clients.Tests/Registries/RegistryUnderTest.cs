using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using GeoRegistry.Clients.Tests.Images;
using GeoRegistry.TestKit;

namespace GeoRegistry.Clients.Tests.Registries;

// The registry that the clients talk to, and plain HTTP reads of it to see what a client really left there.
// GEOREGISTRY_TEST_ADDRESS=http://127.0.0.1:5000 points the tests at a registry that already runs, such as Debian's
// docker-registry: to develop a test, or to see whether a failure is the client's. Otherwise it is a server process of
// this test class's own.
internal sealed class RegistryUnderTest : IAsyncDisposable
{
    private static readonly string[] ManifestTypes =
    [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ];

    private readonly TemporaryFolder _data;
    private readonly HttpClient _http;
    private readonly RegistryProcess? _process;

    private RegistryUnderTest(Uri address, TemporaryFolder data, RegistryProcess? process)
    {
        _data = data;
        _process = process;
        _http = new() { BaseAddress = address };
        Host = address.Authority;
    }

    // As references name it: 127.0.0.1:41234.
    public string Host { get; }

    // What the server wrote, for the message of a test that fails.
    public string Log => _process?.Output ?? "(not a process of the tests)";

    public static async Task<RegistryUnderTest> StartAsync()
    {
        var data = new TemporaryFolder();
        if (Environment.GetEnvironmentVariable("GEOREGISTRY_TEST_ADDRESS") is { Length: > 0 } address)
            return new(new Uri(address), data, process: null);
        var process = await RegistryProcess.StartAsync(data.Path);
        return new(process.Address, data, process);
    }

    public async Task<HttpStatusCode> HeadManifestAsync(string repository, string reference)
    {
        using var response = await SendAsync(HttpMethod.Head, $"/v2/{repository}/manifests/{reference}");
        return response.StatusCode;
    }

    public async Task<OciManifest> GetManifestAsync(string repository, string reference)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/v2/{repository}/manifests/{reference}");
        response.EnsureSuccessStatusCode();
        var manifest = OciManifest.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(manifest.Digest, response.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal(manifest.MediaType, response.Content.Headers.ContentType!.MediaType);
        return manifest;
    }

    public async Task PutManifestAsync(string repository, string reference, OciManifest manifest)
    {
        using var content = new ByteArrayContent(manifest.Bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(manifest.MediaType);
        using var response = await _http.PutAsync(new Uri($"/v2/{repository}/manifests/{reference}", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    // The tag names this image or index, and each manifest, config and layer of it can be read and has its digest.
    public async Task AssertHoldsAsync(string repository, string reference, OciLayout image)
    {
        Assert.Equal(image.RootDigest, (await GetManifestAsync(repository, reference)).Digest);
        await AssertCompleteAsync(repository, reference);
    }

    // Whatever the tag names, it can be read to its last byte.
    public async Task AssertCompleteAsync(string repository, string reference)
    {
        var manifest = await GetManifestAsync(repository, reference);
        foreach (var child in manifest.Children) await AssertCompleteAsync(repository, child.Digest);
        foreach (var blob in manifest.Blobs) await AssertBlobAsync(repository, blob);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null) await _process.DisposeAsync();
        _data.Dispose();
    }

    private async Task AssertBlobAsync(string repository, OciDescriptor blob)
    {
        await using var content = await _http.GetStreamAsync(new Uri($"/v2/{repository}/blobs/{blob.Digest}", UriKind.Relative));
        Assert.Equal(blob.Digest, $"sha256:{Convert.ToHexStringLower(await SHA256.HashDataAsync(content))}");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        foreach (var type in ManifestTypes) request.Headers.Accept.ParseAdd(type);
        return await _http.SendAsync(request);
    }
}
