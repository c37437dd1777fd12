using System.Runtime.CompilerServices;
using GeoRegistry.Clients.Tests.Images;
using GeoRegistry.Clients.Tests.Registries;
using GeoRegistry.Clients.Tests.Tools;

// One test at a time: each loads both cores by itself, and what a client does under load of its own making is enough.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace GeoRegistry.Clients.Tests;

// What a class of client tests shares: a server, a home for the clients, and the images.
public sealed class ClientFixture : IAsyncLifetime
{
    // Repositories are new in every run, also on a registry that outlives it (see RegistryUnderTest).
    private static readonly string Run = $"run-{Environment.ProcessId}";

    internal TestImages Images { get; private set; } = null!;

    internal RegistryUnderTest Registry { get; private set; } = null!;

    internal ClientHome Home { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Images = await TestImages.GetAsync();
        Registry = await RegistryUnderTest.StartAsync();
        Home = new ClientHome(() => Registry.Log);
    }

    public async Task DisposeAsync()
    {
        if (Registry is not null) await Registry.DisposeAsync();
        Home?.Dispose();
    }

    // A repository of the calling test's own.
    internal string Repository([CallerMemberName] string test = "") => $"{Run}/{test.ToLowerInvariant()}";

    // As podman, buildah and containerd name it; skopeo puts docker:// before it.
    internal string Reference(string repository, string tag = "1") => $"{Registry.Host}/{repository}:{tag}";

    internal string ReferenceByDigest(string repository, string digest) => $"{Registry.Host}/{repository}@{digest}";

    // The quickest way to have an image in the registry for a test of something else.
    internal async Task PushAsync(OciLayout image, string repository, string tag = "1") =>
        await Home.Skopeo("copy", "--quiet", "--all", "--preserve-digests", image.Reference,
            $"docker://{Reference(repository, tag)}").SucceedAsync();
}
