using System.Net;
using GeoRegistry.Benchmarks.Content;

namespace GeoRegistry.Benchmarks.Peers;

/// <summary>Debian's docker-registry with its filesystem driver and the cache that Debian configures.</summary>
internal sealed class DockerRegistryPeer(string folder, CancellationToken cancellationToken) : RegistryPeer
{
    private IPEndPoint? _address;

    public override string Name => "docker-registry";

    public override IPEndPoint Address => _address ?? throw new InvalidOperationException("docker-registry does not run.");

    /// <remarks>
    /// The folders that the registry lists, made directly: through its API, 100,000 tags take many minutes.
    /// A list reads no more than their names, so the link that each would hold is left out.
    /// </remarks>
    public override void SeedTags(string repository, Image image, IReadOnlyList<string> tags)
    {
        var root = Path.Combine(folder, "docker", "registry", "v2", "repositories", repository, "_manifests", "tags");
        foreach (var tag in tags)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Directory.CreateDirectory(Path.Combine(root, tag));
        }
    }

    protected override ServerProcess StartProcess()
    {
        _address = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort());
        var file = Path.Combine(folder, "config.yml");
        File.WriteAllText(file, $"""
            version: 0.1
            log:
              level: error
              accesslog:
                disabled: true
            storage:
              cache:
                blobdescriptor: inmemory
              filesystem:
                rootdirectory: {folder}
              delete:
                enabled: false
              maintenance:
                uploadpurging:
                  enabled: false
            http:
              addr: {_address}
              secret: benchmark
              relativeurls: true

            """);
        return new ServerProcess("docker-registry", ["serve", file]);
    }

    protected override TimeSpan WaitUntilReady(ServerProcess process) => process.WaitUntilReady(() => _address, "/v2/");
}
