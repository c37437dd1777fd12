using System.Text.Json;
using GeoRegistry.Clients.Tests.Images;

namespace GeoRegistry.Clients.Tests.Skopeo;

public sealed class SkopeoIndexTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    [Fact]
    public async Task Copy_AllOfAnIndexThereAndBack_KeepsEveryDigest()
    {
        var index = client.Images.MultiArch;
        var repository = client.Repository();

        await client.Home.Skopeo("copy", "--all", index.Reference, $"docker://{client.Reference(repository)}").SucceedAsync();
        await client.Registry.AssertHoldsAsync(repository, "1", index);

        var back = client.Home.Child("back");
        await client.Home.Skopeo("copy", "--all", $"docker://{client.Reference(repository)}", $"oci:{back}:latest").SucceedAsync();
        await new OciLayout(back).AssertHoldsExactlyAsync(index);
    }

    [Fact]
    public async Task InspectRaw_IndexAndChildren_AreTheBytesThatWerePushed()
    {
        var index = client.Images.MultiArch;
        var repository = client.Repository();
        await client.PushAsync(index, repository);

        Assert.Equal(3, index.Manifests.Count);
        foreach (var manifest in index.Manifests)
        {
            var raw = await client.Home.Skopeo("inspect", "--raw",
                $"docker://{client.ReferenceByDigest(repository, manifest.Digest)}").SucceedAsync();
            Assert.Equal(manifest.Bytes, raw.OutputBytes);
        }
    }

    [Theory]
    [InlineData("amd64")]
    [InlineData("arm64")]
    public async Task Copy_OnePlatformOfAnIndex_PullsThatChild(string architecture)
    {
        var index = client.Images.MultiArch;
        var repository = client.Repository();
        await client.PushAsync(index, repository);

        var back = client.Home.Child(architecture);
        await client.Home.Skopeo("--override-arch", architecture, "copy", $"docker://{client.Reference(repository)}",
            $"oci:{back}:latest").SucceedAsync();

        Assert.Equal(index.ForArchitecture(architecture).Digest, new OciLayout(back).RootDigest);
    }

    [Theory]
    [InlineData("amd64")]
    [InlineData("arm64")]
    public async Task Inspect_OnePlatformOfAnIndex_TellsItsArchitecture(string architecture)
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.MultiArch, repository);

        var inspect = await client.Home.Skopeo("--override-arch", architecture, "inspect",
            $"docker://{client.Reference(repository)}").SucceedAsync();

        using var json = JsonDocument.Parse(inspect.Output);
        Assert.Equal(architecture, json.RootElement.GetProperty("Architecture").GetString());
    }
}
