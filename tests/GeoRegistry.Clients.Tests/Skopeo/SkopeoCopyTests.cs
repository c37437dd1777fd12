using System.Net;
using GeoRegistry.Clients.Tests.Images;

namespace GeoRegistry.Clients.Tests.Skopeo;

public sealed class SkopeoCopyTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    private const string DockerSchema2 = "application/vnd.docker.distribution.manifest.v2+json";

    [Fact]
    public async Task Copy_ImageThereAndBack_KeepsEveryDigest()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();

        await client.Home.Skopeo("copy", image.Reference, $"docker://{client.Reference(repository)}").SucceedAsync();
        await client.Registry.AssertHoldsAsync(repository, "1", image);

        var back = client.Home.Child("back");
        await client.Home.Skopeo("copy", $"docker://{client.Reference(repository)}", $"oci:{back}:latest").SucceedAsync();
        await new OciLayout(back).AssertHoldsExactlyAsync(image);
    }

    [Fact]
    public async Task Copy_ByDigest_PullsThatImage()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository);

        var back = client.Home.Child("by-digest");
        var source = $"docker://{client.ReferenceByDigest(repository, image.RootDigest)}";
        await client.Home.Skopeo("copy", source, $"oci:{back}:latest").SucceedAsync();

        await new OciLayout(back).AssertHoldsExactlyAsync(image);
    }

    [Fact]
    public async Task Copy_ToDockerSchema2_KeepsTheLayersUnderADockerManifest()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();

        await client.Home.Skopeo("copy", "--format", "v2s2", image.Reference, $"docker://{client.Reference(repository)}").SucceedAsync();

        var manifest = await client.Registry.GetManifestAsync(repository, "1");
        Assert.Equal(DockerSchema2, manifest.MediaType);
        Assert.Equal(image.Root.Layers.Select(layer => layer.Digest), manifest.Layers.Select(layer => layer.Digest));
        await client.Registry.AssertCompleteAsync(repository, "1");
        // And back: the dir transport keeps the manifest as it came.
        var back = client.Home.Child("schema2");
        await client.Home.Skopeo("copy", $"docker://{client.Reference(repository)}", $"dir:{back}").SucceedAsync();
        Assert.Equal(manifest.Bytes, await File.ReadAllBytesAsync(Path.Combine(back, "manifest.json")));
    }

    [Fact]
    public async Task Copy_SameImageAgain_UploadsNothing()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository);

        var again = await client.Home.Skopeo("--debug", "copy", image.Reference,
            $"docker://{client.Reference(repository, "2")}").SucceedAsync();

        Assert.DoesNotContain("/blobs/uploads/", again.Errors, StringComparison.Ordinal);
        await client.Registry.AssertHoldsAsync(repository, "2", image);
    }

    [Fact]
    public async Task Copy_ToAnotherRepository_MountsItsLayers()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        var other = $"{repository}/other";
        await client.PushAsync(image, repository);

        var copy = await client.Home.Skopeo(
            "--debug", "copy", $"docker://{client.Reference(repository)}", $"docker://{client.Reference(other)}").SucceedAsync();

        // skopeo mounts layers and uploads the config, which is small, again.
        Assert.Contains("... mount OK", copy.Errors, StringComparison.Ordinal);
        foreach (var layer in image.Root.Layers)
            Assert.DoesNotContain($"Upload of layer {layer.Digest}", copy.Errors, StringComparison.Ordinal);
        await client.Registry.AssertHoldsAsync(other, "1", image);
    }

    [Fact]
    public async Task Copy_UnknownTag_SaysManifestUnknown()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository);

        var copy = await client.Home.Skopeo("copy", $"docker://{client.Reference(repository, "no-such")}",
            $"dir:{client.Home.Child("none")}").FailAsync();

        Assert.Contains("manifest unknown", copy.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.NotFound, await client.Registry.HeadManifestAsync(repository, "no-such"));
    }

    [Fact]
    public async Task Copy_TagMovedToAnotherImage_PullsTheNewOne()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.MultiArch, repository);
        await client.PushAsync(client.Images.Debian, repository);

        var back = client.Home.Child("moved");
        await client.Home.Skopeo("copy", $"docker://{client.Reference(repository)}", $"oci:{back}:latest").SucceedAsync();

        await new OciLayout(back).AssertHoldsExactlyAsync(client.Images.Debian);
    }
}
