namespace GeoRegistry.Clients.Tests.Skopeo;

public sealed class SkopeoSyncTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    [Fact]
    public async Task Sync_RegistryToFolderToRegistry_CarriesEveryTag()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository, "one");
        await client.PushAsync(client.Images.MultiArch, repository, "two");

        // The folder gets one image per tag, in host:port/repository:tag; the second sync puts the last part under a prefix.
        var folder = client.Home.Child("sync");
        await client.Home.Skopeo(
            "sync", "--all", "--scoped", "--src", "docker", "--dest", "dir",
            $"{client.Registry.Host}/{repository}", folder).SucceedAsync();
        var parent = Path.GetDirectoryName(Path.Combine(folder, client.Registry.Host, repository))!;
        var copy = $"{repository}/copy";
        await client.Home.Skopeo("sync", "--all", "--src", "dir", "--dest", "docker", parent,
            $"{client.Registry.Host}/{copy}").SucceedAsync();

        var copied = $"{copy}/{Path.GetFileName(repository)}";
        await client.Registry.AssertHoldsAsync(copied, "one", client.Images.Debian);
        await client.Registry.AssertHoldsAsync(copied, "two", client.Images.MultiArch);
    }

    [Fact]
    public async Task Sync_RegistryToRegistry_CarriesEveryTag()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository, "one");
        await client.PushAsync(client.Images.MultiArch, repository, "two");

        var mirror = $"{repository}/mirror";
        await client.Home.Skopeo(
            "sync", "--all", "--src", "docker", "--dest", "docker",
            $"{client.Registry.Host}/{repository}", $"{client.Registry.Host}/{mirror}").SucceedAsync();

        var copied = $"{mirror}/{Path.GetFileName(repository)}";
        await client.Registry.AssertHoldsAsync(copied, "one", client.Images.Debian);
        await client.Registry.AssertHoldsAsync(copied, "two", client.Images.MultiArch);
    }
}
