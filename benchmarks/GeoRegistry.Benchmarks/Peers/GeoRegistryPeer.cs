using System.Net;
using System.Text.RegularExpressions;
using GeoRegistry.Benchmarks.Clients;
using GeoRegistry.Benchmarks.Content;

namespace GeoRegistry.Benchmarks.Peers;

/// <summary>GeoRegistry: one region with the embedded stores.</summary>
internal sealed partial class GeoRegistryPeer(string name, string serverFile, string folder) : RegistryPeer
{
    /// <summary>The build that is measured.</summary>
    public const string Current = "georegistry";

    /// <summary>An earlier build, to compare with.</summary>
    public const string Before = "before";

    private const int TagsPerRequest = 100;

    private volatile IPEndPoint? _address;

    public override string Name => name;

    public override IPEndPoint Address => _address ?? throw new InvalidOperationException("GeoRegistry does not run.");

    public override void SeedTags(string repository, Image image, IReadOnlyList<string> tags)
    {
        using var client = new RegistryClient(Address);
        foreach (var some in tags.Chunk(TagsPerRequest))
            client.PutManifest(repository, $"{image.Manifest.Digest}?tag={string.Join("&tag=", some)}", image.Manifest);
    }

    protected override ServerProcess StartProcess()
    {
        _address = null;
        return new ServerProcess("dotnet", [serverFile, "--listen", "http://127.0.0.1:0", "--data", folder], FindAddress);
    }

    protected override TimeSpan WaitUntilReady(ServerProcess process) => process.WaitUntilReady(() => _address, "/healthz/ready");

    [GeneratedRegex(@"^GeoRegistry region \S+ listens on (http\S+?),? and keeps its data in ")]
    private static partial Regex Listening { get; }

    private void FindAddress(string line)
    {
        if (Listening.Match(line) is { Success: true } match)
            _address = new IPEndPoint(IPAddress.Loopback, new Uri(match.Groups[1].Value).Port);
    }
}
