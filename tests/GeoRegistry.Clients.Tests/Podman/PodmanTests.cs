using System.Net;

namespace GeoRegistry.Clients.Tests.Podman;

public sealed class PodmanTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    [Theory]
    [InlineData("oci", "application/vnd.oci.image.manifest.v1+json")]
    [InlineData("v2s2", "application/vnd.docker.distribution.manifest.v2+json")]
    public async Task Push_LocalImage_StoresWhatTheDigestFileNames(string format, string mediaType)
    {
        var repository = client.Repository();
        var imageId = (await client.Home.Podman("pull", "--quiet", client.Images.Debian.Reference).SucceedAsync()).Output.Trim();

        var digestFile = client.Home.Child($"digest-{format}");
        await client.Home.Podman("push", "--format", format, "--digestfile", digestFile, imageId,
            client.Reference(repository, format)).SucceedAsync();

        var manifest = await client.Registry.GetManifestAsync(repository, format);
        Assert.Equal(await File.ReadAllTextAsync(digestFile), manifest.Digest);
        Assert.Equal(mediaType, manifest.MediaType);
        await client.Registry.AssertCompleteAsync(repository, format);
    }

    [Fact]
    public async Task Pull_ByTagAndByDigest_IsTheImageThatWasPushed()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository);

        Assert.Equal(image.Root.Config.Digest, await PullAsync(client.Reference(repository)));
        Assert.Equal(image.Root.Config.Digest, await PullAsync(client.ReferenceByDigest(repository, image.RootDigest)));
        var digest = await client.Home.Podman("image", "inspect", "--format", "{{.Digest}}", client.Reference(repository)).SucceedAsync();
        Assert.Equal(image.RootDigest, digest.Output.Trim());
    }

    [Fact]
    public async Task Pull_AfterItWasRemoved_FetchesItAgain()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository);
        var id = await PullAsync(client.Reference(repository));

        await client.Home.Podman("rmi", "--force", id).SucceedAsync();
        await client.Home.Podman("image", "exists", id).FailAsync();

        Assert.Equal(id, await PullAsync(client.Reference(repository)));
    }

    [Fact]
    public async Task Pull_UnknownTag_SaysManifestUnknown()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository);

        var pull = await client.Home.Podman("pull", client.Reference(repository, "no-such")).FailAsync();

        Assert.Contains("manifest unknown", pull.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.NotFound, await client.Registry.HeadManifestAsync(repository, "no-such"));
    }

    [Theory]
    [InlineData("amd64")]
    [InlineData("arm64")]
    public async Task Pull_OnePlatformOfAnIndex_IsThatChild(string architecture)
    {
        var index = client.Images.MultiArch;
        var repository = client.Repository();
        await client.PushAsync(index, repository);

        var id = await client.Home.Podman("pull", "--quiet", "--arch", architecture, client.Reference(repository)).SucceedAsync();

        Assert.Equal(index.ForArchitecture(architecture).Config.Digest, $"sha256:{id.Output.Trim()}");
    }

    [Fact]
    public async Task ManifestPush_ListOfTwoArchitectures_StoresTheIndexAndItsImages()
    {
        var index = client.Images.MultiArch;
        var repository = client.Repository();
        await client.PushAsync(index, repository);
        var list = client.Reference(repository, "list");

        await client.Home.Podman("manifest", "create", list).SucceedAsync();
        foreach (var child in index.Root.Children)
            await client.Home.Podman("manifest", "add", list,
                $"docker://{client.ReferenceByDigest(repository, child.Digest)}").SucceedAsync();
        var digestFile = client.Home.Child("digest-list");
        await client.Home.Podman("manifest", "push", "--all", "--digestfile", digestFile, list, $"docker://{list}-pushed").SucceedAsync();

        var pushed = await client.Registry.GetManifestAsync(repository, "list-pushed");
        Assert.Equal(await File.ReadAllTextAsync(digestFile), pushed.Digest);
        Assert.Equal(index.Root.ChildrenByDigest, pushed.ChildrenByDigest);
        await client.Registry.AssertCompleteAsync(repository, "list-pushed");
        var inspect = await client.Home.Podman("manifest", "inspect", $"{list}-pushed").SucceedAsync();
        foreach (var child in index.Root.Children) Assert.Contains(child.Digest, inspect.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_ListTags_ListsEachTag()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository, "first");
        await client.PushAsync(client.Images.Debian, repository, "second");

        var search = await client.Home.Podman("search", "--list-tags", $"{client.Registry.Host}/{repository}").SucceedAsync();

        // A table of names and tags under a heading: this podman prints it whatever --format says.
        var rows = search.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Skip(1);
        Assert.Equal(["first", "second"], rows.Select(row => row.Split(' ')[^1]));
    }

    // A real container of a pulled image, without a network, which the test machines cannot give it.
    [Fact]
    public async Task Run_ImageThatIsNotHereYet_PullsItAndRuns()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository);

        var run = await client.Home.Podman(
            "run", "--rm", "--network", "none", client.Reference(repository), "cat", "/etc/debian_version").SucceedAsync();

        Assert.Matches(@"^12\.\d+\n$", run.Output);
    }

    private async Task<string> PullAsync(string reference) =>
        $"sha256:{(await client.Home.Podman("pull", "--quiet", reference).SucceedAsync()).Output.Trim()}";
}
