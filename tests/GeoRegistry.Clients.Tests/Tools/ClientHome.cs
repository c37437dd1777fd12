using GeoRegistry.TestKit;

namespace GeoRegistry.Clients.Tests.Tools;

// A home folder with the configuration of skopeo, podman and buildah, and their storage: nothing of the machine's own
// is read or written, but for the cache of blob locations that root's skopeo and buildah keep in
// /var/lib/containers/cache, whose place cannot be set. It maps digests to "host:port/repository", and every server of
// the tests has its own port.
internal sealed class ClientHome : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables;
    private readonly Func<string> _registryLog;

    // The registry's log is shown when a client's program fails.
    public ClientHome(Func<string> registryLog)
    {
        _registryLog = registryLog;
        _variables = new Dictionary<string, string>
        {
            ["HOME"] = _folder.Path,
            ["CONTAINERS_CONF"] = Write("containers.conf", ContainersConf(_folder)),
            ["CONTAINERS_STORAGE_CONF"] = Write("storage.conf", StorageConf(_folder)),
            ["BUILDAH_ISOLATION"] = "chroot",
        };
        Write("policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
        // As sites configure a registry that speaks plain HTTP: the clients try TLS first and fall back.
        Write("registries.conf", """
            [[registry]]
            prefix = "127.0.0.1"
            location = "127.0.0.1"
            insecure = true
            """);
    }

    // A new place for files or folders of a test.
    public string Child(string name) => _folder.Child(name);

    public ClientTool Skopeo(params string[] arguments) => Start("skopeo", arguments);

    public ClientTool Podman(params string[] arguments) => Start("podman", arguments);

    public ClientTool Buildah(params string[] arguments) => Start("buildah", arguments);

    public ClientTool Start(string program, params string[] arguments) => ClientTool.Start(program, arguments, _variables, _registryLog);

    public void Dispose() => _folder.Dispose();

    private string Write(string name, string text)
    {
        var path = Path.Combine(Directory.CreateDirectory(_folder.Child(".config/containers")).FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    // The test machines have no systemd, mix both versions of cgroups, which crun refuses and runc does not, and allow
    // fewer open files than podman asks for by default.
    private static string ContainersConf(TemporaryFolder folder) => $"""
        [containers]
        default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
        [engine]
        cgroup_manager = "cgroupfs"
        events_logger = "none"
        runtime = "runc"
        tmp_dir = "{folder.Child("podman")}"
        """;

    // vfs copies whole folders for each layer: slow, but it needs no overlay support from the machine's kernel.
    private static string StorageConf(TemporaryFolder folder) => $"""
        [storage]
        driver = "vfs"
        graphroot = "{folder.Child("storage")}"
        runroot = "{folder.Child("run")}"
        """;
}
