using GeoRegistry.Benchmarks.Clients;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>An image of 64 layers of 1 MiB, eight of them at a time, then its manifest.</summary>
internal sealed class LargeLayerPush : IScenario
{
    private const string Repository = "bench/app";
    private const int Layers = 64;
    private const int LayerSizeBytes = 1024 * 1024;
    private const int Connections = 8;
    private (int Round, Image Image, byte[][] Bodies) _content = (-2, null!, null!);

    public string Name => "push-large";

    public string Title => "push of 64 x 1 MiB layers and a manifest, c=8";

    public Work Work => Work.Bytes;

    public bool ServesFiles => false;

    public IReadOnlyList<Target> Targets { get; } = [Target.Ratio("docker-registry", 1.2)];

    public void Prepare(IPeer peer) => Run(peer, round: -1);

    public Measurement Measure(IPeer peer, int round)
    {
        CreateContent(round);
        return Measurement.Take(peer, () => Run(peer, round));
    }

    private Load Run(IPeer peer, int round)
    {
        CreateContent(round);
        var (_, image, bodies) = _content;
        var layers = Workers.Run(peer.Address, Connections, Layers, LayerSizeBytes, (client, number) =>
            client.PushBlob(Repository, image.Layers[number].Digest, bodies[number]));
        var rest = Workers.Run(peer.Address, 1, 1, 0, (client, _) =>
        {
            client.PushBlob(Repository, image.Config);
            client.PutManifest(Repository, $"v{round + 1}", image.Manifest);
        });
        return layers with { Elapsed = layers.Elapsed + rest.Elapsed };
    }

    private void CreateContent(int round)
    {
        if (_content.Round == round) return;
        var image = Image.Create(seed: 1000 + round, Layers, LayerSizeBytes);
        _content = (round, image, [.. image.Layers.Select(layer => ChunkedBody.Whole(layer.Content))]);
    }
}
