using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace GeoRegistry.Clients.Tests.Skopeo;

public sealed class SkopeoCatalogTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    [Fact]
    public async Task Inspect_PushedImage_TellsDigestLayersAndTags()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository, "1");
        await client.PushAsync(image, repository, "stable");

        var inspect = await client.Home.Skopeo("inspect", $"docker://{client.Reference(repository)}").SucceedAsync();

        using var json = JsonDocument.Parse(inspect.Output);
        Assert.Equal(image.RootDigest, json.RootElement.GetProperty("Digest").GetString());
        Assert.Equal(["1", "stable"], Strings(json, "RepoTags"));
        Assert.Equal(image.Root.Layers.Select(layer => layer.Digest), Strings(json, "Layers"));
    }

    // Enough tags that a registry which pages its answers must page this one: skopeo follows the Link header.
    [Fact]
    public async Task ListTags_MoreThanOnePage_ListsAll()
    {
        const int Count = 1_100;
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository, "tag-0000");
        var tags = Enumerable.Range(0, Count)
            .Select(number => string.Create(CultureInfo.InvariantCulture, $"tag-{number:0000}"))
            .ToArray();
        await Parallel.ForEachAsync(tags, async (tag, _) => await client.Registry.PutManifestAsync(repository, tag, image.Root));

        var list = await client.Home.Skopeo("list-tags", $"docker://{client.Registry.Host}/{repository}").SucceedAsync();

        using var json = JsonDocument.Parse(list.Output);
        Assert.Equal(tags, Strings(json, "Tags"));
    }

    [Fact]
    public async Task Delete_Index_LeavesNeitherItsTagNorItsManifest()
    {
        var image = client.Images.Debian;
        var index = client.Images.MultiArch;
        var repository = client.Repository();
        var neighbour = $"{repository}/neighbour";
        await client.PushAsync(index, repository, "1");
        await client.PushAsync(image, repository, "2");
        await client.PushAsync(index, neighbour, "1");

        await client.Home.Skopeo("delete", $"docker://{client.Reference(repository)}").SucceedAsync();

        Assert.Equal(HttpStatusCode.NotFound, await client.Registry.HeadManifestAsync(repository, "1"));
        Assert.Equal(HttpStatusCode.NotFound, await client.Registry.HeadManifestAsync(repository, index.RootDigest));
        await client.Home.Skopeo("inspect", $"docker://{client.Reference(repository)}").FailAsync();
        // Nothing else went with it, not even the image that is the index's child as well.
        await client.Registry.AssertHoldsAsync(repository, "2", image);
        await client.Registry.AssertHoldsAsync(neighbour, "1", index);
    }

    // skopeo 1.9 cannot push blobs by sha512: whatever their digest, it uploads them as sha256 and then finds that the
    // two differ; containerd 1.6 stores by sha256 alone. What both can do is read and verify a manifest by its sha512.
    [Fact]
    public async Task InspectRaw_ManifestUnderSha512_IsReadByThatDigest()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository);
        var digest = $"sha512:{Convert.ToHexStringLower(SHA512.HashData(image.Root.Bytes))}";
        await client.Registry.PutManifestAsync(repository, digest, image.Root);

        var raw = await client.Home.Skopeo("inspect", "--raw", $"docker://{client.ReferenceByDigest(repository, digest)}").SucceedAsync();

        Assert.Equal(image.Root.Bytes, raw.OutputBytes);
    }

    private static IEnumerable<string> Strings(JsonDocument json, string property) =>
        json.RootElement.GetProperty(property).EnumerateArray().Select(element => element.GetString()!);
}
