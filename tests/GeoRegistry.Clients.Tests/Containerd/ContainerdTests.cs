namespace GeoRegistry.Clients.Tests.Containerd;

public sealed class ContainerdTests(ClientFixture client) : IClassFixture<ClientFixture>, IAsyncLifetime
{
    private ContainerdDaemon _containerd = null!;

    // A daemon per test, so that nothing is in its content store but what the test pulled.
    public async Task InitializeAsync() => _containerd = await ContainerdDaemon.StartAsync(client.Home);

    public async Task DisposeAsync() => await _containerd.DisposeAsync();

    [Fact]
    public async Task Pull_ByTag_HasEveryBlob()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository);

        await _containerd.Pull(client.Reference(repository)).SucceedAsync();

        var expected = image.Blobs.Select(blob => blob.Digest).Append(image.RootDigest);
        Assert.Equal(expected.Order(), (await _containerd.ListContentAsync()).Order());
    }

    [Fact]
    public async Task Pull_ByDigest_HasEveryBlob()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        await client.PushAsync(image, repository);

        await _containerd.Pull(client.ReferenceByDigest(repository, image.RootDigest)).SucceedAsync();

        var expected = image.Blobs.Select(blob => blob.Digest).Append(image.RootDigest);
        Assert.Equal(expected.Order(), (await _containerd.ListContentAsync()).Order());
    }

    [Theory]
    [InlineData("amd64", "arm64")]
    [InlineData("arm64", "amd64")]
    public async Task Pull_OnePlatformOfAnIndex_HasThatChildAlone(string architecture, string other)
    {
        var index = client.Images.MultiArch;
        var repository = client.Repository();
        await client.PushAsync(index, repository);

        await _containerd.Pull(client.Reference(repository), "--platform", $"linux/{architecture}").SucceedAsync();

        var content = await _containerd.ListContentAsync();
        Assert.All(index.ForArchitecture(architecture).Blobs, blob => Assert.Contains(blob.Digest, content));
        Assert.All(index.ForArchitecture(other).Blobs, blob => Assert.DoesNotContain(blob.Digest, content));
    }

    [Fact]
    public async Task Pull_UnknownTag_SaysNotFound()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository);

        var pull = await _containerd.Pull(client.Reference(repository, "no-such")).FailAsync();

        Assert.Contains("not found", pull.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_PulledIndex_StoresItWithEveryChild()
    {
        var index = client.Images.MultiArch;
        var repository = client.Repository();
        await client.PushAsync(index, repository);
        await _containerd.Pull(client.Reference(repository), "--all-platforms").SucceedAsync();

        var other = $"{repository}/other";
        await _containerd.Push(client.Reference(repository), client.Reference(other)).SucceedAsync();

        await client.Registry.AssertHoldsAsync(other, "1", index);
    }

    // Nothing in the registry to mount from or to find present: every byte is uploaded, in containerd's own way, which is
    // one PUT per blob without a PATCH before it.
    [Fact]
    public async Task Push_ImageFromAnArchive_UploadsEveryBlob()
    {
        var image = client.Images.Debian;
        var repository = client.Repository();
        var archive = client.Home.Child("image.tar");
        await client.Home.Skopeo("copy", image.Reference, $"oci-archive:{archive}:1").SucceedAsync();
        await _containerd.Ctr("images", "import", "--snapshotter", "native", "--base-name", "imported", archive).SucceedAsync();

        await _containerd.Push("imported:1", client.Reference(repository)).SucceedAsync();

        await client.Registry.AssertHoldsAsync(repository, "1", image);
    }

    [Fact]
    public async Task Run_PulledImage_PrintsItsDebianVersion()
    {
        var repository = client.Repository();
        await client.PushAsync(client.Images.Debian, repository);
        await _containerd.Pull(client.Reference(repository)).SucceedAsync();

        var run = await _containerd.Ctr(
            "run", "--rm", "--snapshotter", "native", client.Reference(repository), "debian", "cat", "/etc/debian_version").SucceedAsync();

        Assert.Matches(@"^12\.\d+\n$", run.Output);
    }
}
