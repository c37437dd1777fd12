namespace GeoRegistry.Clients.Tests.Buildah;

public sealed class BuildahTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    [Fact]
    public async Task Push_PulledImage_StoresItUnderAnotherName()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository);

        var id = (await client.Home.Buildah("pull", "--quiet", client.Reference(repository)).SucceedAsync()).Output.Trim();
        Assert.Equal(image.Root.Config.Digest, $"sha256:{id}");
        var digestFile = client.Home.Child("digest");
        await client.Home.Buildah("push", "--quiet", "--digestfile", digestFile, id,
            $"docker://{client.Reference($"{repository}/again")}").SucceedAsync();

        var manifest = await client.Registry.GetManifestAsync($"{repository}/again", "1");
        Assert.Equal(await File.ReadAllTextAsync(digestFile), manifest.Digest);
        Assert.Equal(image.Root.Config.Digest, manifest.Config.Digest);
        await client.Registry.AssertCompleteAsync($"{repository}/again", "1");
    }

    [Fact]
    public async Task Run_PulledImage_PrintsItsDebianVersion()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository);

        var image = client.ReferenceByDigest(repository, client.Images.Debian.RootDigest);
        var container = (await client.Home.Buildah("from", "--quiet", image).SucceedAsync()).Output.Trim();
        var run = await client.Home.Buildah("run", container, "cat", "/etc/debian_version").SucceedAsync();

        Assert.Matches(@"^12\.\d+\n$", run.Output);
    }

    [Fact]
    public async Task Build_OnAPulledBase_PushesAnImageThatSharesItsLayer()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        var built = $"{repository}/built";
        await client.PushAsync(image, repository);
        var context = Directory.CreateDirectory(client.Home.Child("context")).FullName;
        await File.WriteAllTextAsync(Path.Combine(context, "Containerfile"), $"""
            FROM {client.Reference(repository)}
            RUN echo made here > /made
            CMD ["cat", "/made"]
            """);

        await client.Home.Buildah("build", "--quiet", "--pull-always", "--tag", client.Reference(built), context).SucceedAsync();
        await client.Home.Buildah("push", "--quiet", client.Reference(built)).SucceedAsync();
        await client.Home.Buildah("rmi", client.Reference(built)).SucceedAsync();

        var manifest = await client.Registry.GetManifestAsync(built, "1");
        Assert.Equal(2, manifest.Layers.Count());
        Assert.Equal(image.Root.Layers.Single().Digest, manifest.Layers.First().Digest);
        await client.Registry.AssertCompleteAsync(built, "1");
        var container = (await client.Home.Buildah("from", "--quiet", "--pull-always", client.Reference(built)).SucceedAsync())
            .Output.Trim();
        Assert.Equal("made here\n", (await client.Home.Buildah("run", container, "cat", "/made").SucceedAsync()).Output);
    }

    [Fact]
    public async Task ManifestPush_ListOfTwoArchitectures_StoresTheIndexAndItsImages()
    {
        var index = client.Images.MultiArch;
        var repository = client.Repository();
        await client.PushAsync(index, repository);

        await client.Home.Buildah("manifest", "create", "list").SucceedAsync();
        foreach (var child in index.Root.Children)
            await client.Home.Buildah("manifest", "add", "list",
                $"docker://{client.ReferenceByDigest(repository, child.Digest)}").SucceedAsync();
        var copy = $"{repository}/copy";
        await client.Home.Buildah("manifest", "push", "--all", "list", $"docker://{client.Reference(copy)}").SucceedAsync();

        var pushed = await client.Registry.GetManifestAsync(copy, "1");
        Assert.Equal(index.Root.ChildrenByDigest, pushed.ChildrenByDigest);
        await client.Registry.AssertCompleteAsync(copy, "1");
    }
}
