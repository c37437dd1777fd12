using GeoRegistry.Clients.Tests.Tools;
using GeoRegistry.TestKit;

namespace GeoRegistry.Clients.Tests.Containerd;

// A containerd of the tests' own with an empty content store; what would need the machine's kernel or other services is
// off. Its native snapshotter copies folders, as podman's vfs does.
internal sealed class ContainerdDaemon : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ClientHome _home;
    private ClientTool? _daemon;

    private ContainerdDaemon(ClientHome home) => _home = home;

    private string Address => _folder.Child("containerd.sock");

    public static async Task<ContainerdDaemon> StartAsync(ClientHome home)
    {
        var containerd = new ContainerdDaemon(home);
        try
        {
            await containerd.StartAsync();
            return containerd;
        }
        catch
        {
            await containerd.DisposeAsync();
            throw;
        }
    }

    public ClientTool Ctr(params string[] arguments) => _home.Start("ctr", ["--address", Address, .. arguments]);

    public ClientTool Pull(string reference, params string[] options) =>
        Ctr(["images", "pull", "--plain-http", "--snapshotter", "native", .. options, reference]);

    public ClientTool Push(string local, string reference) => Ctr("images", "push", "--plain-http", reference, local);

    // The digests in its content store, all of which containerd hashed when it took them in.
    public async Task<IReadOnlyList<string>> ListContentAsync() =>
        (await Ctr("content", "ls", "--quiet").SucceedAsync()).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null) await _daemon.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartAsync()
    {
        var config = _folder.Child("config.toml");
        await File.WriteAllTextAsync(config, $"""
            version = 2
            root = "{_folder.Child("root")}"
            state = "{_folder.Child("state")}"
            disabled_plugins = [
              "io.containerd.grpc.v1.cri",
              "io.containerd.internal.v1.opt",
              "io.containerd.snapshotter.v1.aufs",
              "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.devmapper",
              "io.containerd.snapshotter.v1.overlayfs",
              "io.containerd.snapshotter.v1.zfs",
            ]
            [grpc]
              address = "{Address}"
            [ttrpc]
              address = "{Address}.ttrpc"
            """);
        _daemon = _home.Start("containerd", "--config", config);
        await _daemon.WaitForErrorTextAsync("containerd successfully booted");
    }
}
