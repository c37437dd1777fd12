using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>From the start of the process to the first answer that says ready, on data that is there.</summary>
internal sealed class StartToReady : IScenario
{
    private const double MostSeconds = 1.5;
    private readonly Image _image = Image.Create(seed: 7, layers: 2, layerSizeBytes: 1024);

    public string Name => "ready";

    public string Title => "start of the process to ready";

    public Work Work => Work.Start;

    public bool ServesFiles => true;

    public IReadOnlyList<Target> Targets { get; } = [Target.SecondsBelow(MostSeconds)];

    public void Prepare(IPeer peer) => peer.SeedImage("bench/app", "v1", _image);

    public Measurement Measure(IPeer peer, int round)
    {
        var elapsed = peer.Start();
        var ids = peer.ProcessIds;
        return new Measurement(new Load(elapsed, 1, 0, elapsed, elapsed), ProcessUsage.CpuSeconds(ids), ProcessUsage.PeakBytes(ids));
    }
}
