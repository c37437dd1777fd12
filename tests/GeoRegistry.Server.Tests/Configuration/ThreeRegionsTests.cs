using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>
/// Three servers, started from cluster-config/three-regions with no more than addresses and files of this machine, are
/// one registry.
/// </summary>
public sealed class ThreeRegionsTests : IAsyncLifetime
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";

    private readonly ThreeRegionsFiles _files = new();
    private readonly Dictionary<string, RegistryProcess> _regions = [];

    public async Task InitializeAsync()
    {
        var moves = ThreeRegionsFiles.ReadTopology().Regions
            .Select(region => (region, new Uri($"https://127.0.0.1:{FreePorts.Take()}")))
            .ToList();
        _files.Move(moves);
        foreach (var (region, process) in await Task.WhenAll(moves.Select(StartAsync))) _regions[region] = process;
    }

    [Fact]
    public async Task PushInOneRegion_PulledInEachOther()
    {
        var config = "{}"u8.ToArray();
        var manifest = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{ManifestType}}","config":"""
            + $$"""{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{{DigestOf(config)}}","size":{{config.Length}}}"""
            + ""","layers":[]}""");

        // Its home is eu, and its policy waits for two of the three regions.
        await PushAsync("ap", "release/app", config, manifest);

        foreach (var region in _regions.Keys)
        {
            using var http = _regions[region].CreateClient();
            Assert.Equal(manifest, await http.GetByteArrayAsync("v2/release/app/manifests/1"));
            Assert.Equal(config, await http.GetByteArrayAsync($"v2/release/app/blobs/{DigestOf(config)}"));
        }
    }

    [Fact]
    public async Task RepositoryOfOneRegion_InAnother_IsDenied()
    {
        using var http = _regions["us"].CreateClient();
        using var answer = await http.GetAsync("v2/eu-private/app/manifests/1");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    public async Task DisposeAsync()
    {
        foreach (var region in _regions.Values) await region.DisposeAsync();
        _files.Dispose();
    }

    private async Task<(string Region, RegistryProcess Process)> StartAsync((Region Region, Uri Peer) move)
    {
        var id = move.Region.Id.ToString();
        List<string> arguments =
            ["--config", ThreeRegionsFiles.Configuration, "--region", id, "--peer-listen", move.Peer.GetLeftPart(UriPartial.Authority)];
        foreach (var (key, file) in _files.Keys) arguments.AddRange([$"--{key}", file!]);
        var process = await RegistryProcess.StartAsync(_files.DataOf(id), [.. arguments]);
        return (id, process);
    }

    private async Task PushAsync(string region, string repository, byte[] config, byte[] manifest)
    {
        using var http = _regions[region].CreateClient();
        using var blob = new ByteArrayContent(config);
        using var stored = await http.PostAsync($"v2/{repository}/blobs/uploads/?digest={DigestOf(config)}", blob);
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        using var body = new ByteArrayContent(manifest) { Headers = { ContentType = new MediaTypeHeaderValue(ManifestType) } };
        using var pushed = await http.PutAsync($"v2/{repository}/manifests/1", body);
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
        Assert.StartsWith("eu-", Assert.Single(pushed.Headers.GetValues("GeoRegistry-Receipt")), StringComparison.Ordinal);
    }

    private static string DigestOf(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
}
