using GeoRegistry.Benchmarks.Clients;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>1,000 images of a 1 KiB config and a 4 KiB layer each, 16 at a time, spread over some repositories.</summary>
internal sealed class SmallImagePush(ScenarioContext context) : IScenario
{
    private const int Images = 1000;
    private const int WarmUpImages = 200;
    private const int LayerSizeBytes = 4096;
    private const int Connections = 16;
    private (int Round, Image[] Images) _content = (-2, []);

    public string Name => "push-small";

    public string Title => $"push of 1,000 small images, c=16, repositories: {context.Options.Repositories}";

    public Work Work => Work.Images;

    public bool ServesFiles => false;

    public IReadOnlyList<Target> Targets { get; } = [Target.Ratio("docker-registry", 3)];

    public void Prepare(IPeer peer) => Run(peer, round: -1);

    public Measurement Measure(IPeer peer, int round)
    {
        CreateContent(round);
        return Measurement.Take(peer, () => Run(peer, round));
    }

    private Load Run(IPeer peer, int round)
    {
        CreateContent(round);
        var images = _content.Images;
        return Workers.Run(peer.Address, Connections, images.Length, 0, (client, number) =>
            client.PushAskingFirst($"bench/app{number % context.Options.Repositories}", $"r{round + 1}-{number}", images[number]));
    }

    private void CreateContent(int round)
    {
        if (_content.Round == round) return;
        var images = new Image[round < 0 ? WarmUpImages : Images];
        for (var i = 0; i < images.Length; i++) images[i] = Image.Create(seed: (round + 2) * 1_000_000 + i, layers: 1, LayerSizeBytes);
        _content = (round, images);
    }
}
