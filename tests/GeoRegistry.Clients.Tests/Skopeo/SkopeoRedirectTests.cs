using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using GeoRegistry.Clients.Tests.Tools;
using GeoRegistry.TestKit;

namespace GeoRegistry.Clients.Tests.Skopeo;

/// <summary>A registry that sends clients of large blobs to its storage account.</summary>
public sealed class SkopeoRedirectTests
{
    private const string ConfigType = "application/vnd.oci.image.config.v1+json", LayerType = "application/vnd.oci.image.layer.v1.tar";

    [Fact]
    public async Task Copy_OfAnImageWithALargeLayer_ReadsItAtTheAccount()
    {
        using var folder = new TemporaryFolder();
        await using var azurite = await AzuriteProcess.StartAsync();
        await using var server = await RegistryProcess.StartAsync(
            folder.Child("data"),
            "--region", "eu",
            "--GeoRegistry:Azure:ConnectionString", azurite.ConnectionString,
            "--GeoRegistry:Azure:Container", "blobs-of-eu",
            "--GeoRegistry:Azure:CreateContainer", "true",
            "--GeoRegistry:Azure:RedirectMinMiB", "1");
        using var home = new ClientHome(() => server.Output);
        using var http = server.CreateClient();
        var layer = new byte[3_000_000];
        new Random(1).NextBytes(layer);
        var config = Encoding.UTF8.GetBytes(
            $$$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["{{{DigestOf(layer)}}}"]}}""");
        foreach (var blob in new[] { layer, config }) await PushBlobAsync(http, blob);
        await PushManifestAsync(http, config, layer);
        using var told = await http.GetAsync($"/v2/team/app/blobs/{DigestOf(layer)}");
        Assert.Equal(HttpStatusCode.TemporaryRedirect, told.StatusCode);

        var back = home.Child("back");
        await home.Skopeo("copy", $"docker://{server.Host}/team/app:1", $"dir:{back}").SucceedAsync();

        Assert.Equal(layer, await File.ReadAllBytesAsync(Path.Combine(back, DigestOf(layer)["sha256:".Length..])));
    }

    private static async Task PushBlobAsync(HttpClient http, byte[] blob)
    {
        using var pushed = await http.PostAsync($"/v2/team/app/blobs/uploads/?digest={DigestOf(blob)}", new ByteArrayContent(blob));
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
    }

    private static async Task PushManifestAsync(HttpClient http, byte[] config, byte[] layer)
    {
        const string Type = "application/vnd.oci.image.manifest.v1+json";
        var (configPart, layerPart) = (Descriptor(ConfigType, config), Descriptor(LayerType, layer));
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{Type}}","config":{{configPart}},"layers":[{{layerPart}}]}"""));
        content.Headers.ContentType = new MediaTypeHeaderValue(Type);
        using var put = await http.PutAsync("/v2/team/app/manifests/1", content);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    private static string Descriptor(string mediaType, byte[] blob) =>
        $$$"""{"mediaType":"{{{mediaType}}}","digest":"{{{DigestOf(blob)}}}","size":{{{blob.Length}}}}""";

    private static string DigestOf(byte[] blob) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(blob))}";
}
