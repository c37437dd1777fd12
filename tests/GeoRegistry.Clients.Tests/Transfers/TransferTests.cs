using System.Net;
using GeoRegistry.Clients.Tests.Images;

namespace GeoRegistry.Clients.Tests.Transfers;

// Large, interrupted and simultaneous transfers.
public sealed class TransferTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    private const long MebiByte = 1 << 20;

    [Fact]
    public async Task SkopeoCopy_LargeImageThereAndBack_KeepsEveryDigest()
    {
        var image = client.Images.Large;
        Assert.True(image.Blobs.Sum(blob => blob.SizeBytes) > 300 * MebiByte);
        Assert.True(image.Root.Layers.Count() > 3);
        var repository = client.Repository();

        await client.PushAsync(image, repository);
        await client.Registry.AssertHoldsAsync(repository, "1", image);

        var back = client.Home.Child("large");
        await client.Home.Skopeo("copy", $"docker://{client.Reference(repository)}", $"oci:{back}:latest").SucceedAsync();
        await new OciLayout(back).AssertHoldsExactlyAsync(image);
        Directory.Delete(back, recursive: true);
    }

    [Fact]
    public async Task PodmanPushAndPull_LargeImage_IsTheSameImage()
    {
        var image = client.Images.Large;
        var repository = client.Repository();
        var id = (await client.Home.Podman("pull", "--quiet", image.Reference).SucceedAsync()).Output.Trim();

        // Its storage holds unpacked files, so podman packs all layers again and uploads them under new digests.
        await client.Home.Podman("push", "--quiet", id, client.Reference(repository)).SucceedAsync();
        await client.Registry.AssertCompleteAsync(repository, "1");
        Assert.Equal(image.Root.Config.Digest, (await client.Registry.GetManifestAsync(repository, "1")).Config.Digest);

        await client.Home.Podman("rmi", "--force", id).SucceedAsync();
        var pulled = await client.Home.Podman("pull", "--quiet", client.Reference(repository)).SucceedAsync();
        Assert.Equal(id, pulled.Output.Trim());
        await client.Home.Podman("rmi", "--force", id).SucceedAsync();
    }

    [Fact]
    public async Task SkopeoCopy_TwoAtTheSameTime_BothSucceed()
    {
        var image = client.Images.Large;
        var repository = client.Repository();
        // Each client comes by its own address, so neither has seen a blob there before; and neither goes on before both
        // are in the middle of their uploads.
        await using var one = new HoldingProxy(client.Registry.Host, holdAfterBytes: 50 * MebiByte);
        await using var two = new HoldingProxy(client.Registry.Host, holdAfterBytes: 50 * MebiByte);

        var copies = Task.WhenAll(CopyBy(one), CopyBy(two));
        await Task.WhenAll(one.WaitUntilHeldAsync(), two.WaitUntilHeldAsync());
        one.Release();
        two.Release();
        await copies;

        await client.Registry.AssertHoldsAsync(repository, "1", image);

        Task CopyBy(HoldingProxy proxy) =>
            client.Home.Skopeo("copy", "--preserve-digests", image.Reference, $"docker://{proxy.Host}/{repository}:1").SucceedAsync();
    }

    [Fact]
    public async Task SkopeoCopy_KilledInTheMiddle_SucceedsWhenRepeated()
    {
        var image = client.Images.Large;
        var repository = client.Repository();
        await using var proxy = new HoldingProxy(client.Registry.Host, holdAfterBytes: 150 * MebiByte);
        var target = $"docker://{proxy.Host}/{repository}:1";

        await using (var first = client.Home.Skopeo("copy", "--preserve-digests", image.Reference, target))
        {
            await proxy.WaitUntilHeldAsync();
            await first.KillAsync();
        }
        Assert.Equal(HttpStatusCode.NotFound, await client.Registry.HeadManifestAsync(repository, "1"));

        proxy.Release();
        await client.Home.Skopeo("copy", "--preserve-digests", image.Reference, target).SucceedAsync();
        await client.Registry.AssertHoldsAsync(repository, "1", image);
    }
}
