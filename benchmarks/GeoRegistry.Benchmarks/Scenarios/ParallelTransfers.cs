using System.Diagnostics;
using GeoRegistry.Benchmarks.Clients;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>32 blobs of 100 MiB pulled and 32 pushed, all at once: what matters is the server's peak of memory.</summary>
internal sealed class ParallelTransfers : IScenario
{
    private const string Repository = "bench/app";
    private const int TransfersEachWay = 32;
    private const double MostMebibytes = 200;
    private readonly Lazy<HugeBlob> _pulled = new(() => HugeBlob.Create(seed: 5, count: 1)[0]);
    private readonly Dictionary<string, List<double>> _pullSeconds = [];
    private (int Round, HugeBlob[] Blobs) _pushed = (-1, []);

    public string Name => "memory";

    public string Title => "64 parallel transfers of 100 MiB (32 GET, 32 PUT)";

    public Work Work => Work.Bytes;

    public bool ServesFiles => false;

    /// <summary>Each round writes 3.2 GiB for each server.</summary>
    public int MaxRounds => 2;

    public IReadOnlyList<Target> Targets { get; } = [Target.PeakMebibytesBelow(MostMebibytes)];

    /// <summary>Pulls come from the page cache and pushes go to disk, so a server can let pulls end well before pushes.</summary>
    public string Note => "Of the 64 parallel transfers, the slowest GET took " + string.Join(", ", _pullSeconds.Select(pair =>
        FormattableString.Invariant($"{pair.Value.Max():0.0} s ({pair.Key})")));

    public void Prepare(IPeer peer)
    {
        using var client = new RegistryClient(peer.Address);
        client.PushBlob(Repository, _pulled.Value.Digest, _pulled.Value.Body);
        client.ReadBlob(Repository, _pulled.Value.Digest);
    }

    public Measurement Measure(IPeer peer, int round)
    {
        if (_pushed.Round != round) _pushed = (round, HugeBlob.Create(seed: 6 + round, TransfersEachWay));
        if (!_pullSeconds.TryGetValue(peer.Name, out var pullSeconds)) _pullSeconds.Add(peer.Name, pullSeconds = []);
        return Measurement.Take(peer, () =>
            Workers.Run(peer.Address, 2 * TransfersEachWay, 2 * TransfersEachWay, HugeBlob.SizeBytes, (client, number) =>
            {
                if (number % 2 == 0) Pull(client, pullSeconds);
                else client.PushBlob(Repository, _pushed.Blobs[number / 2].Digest, _pushed.Blobs[number / 2].Body);
            }));
    }

    private void Pull(RegistryClient client, List<double> seconds)
    {
        var started = Stopwatch.GetTimestamp();
        client.ReadBlob(Repository, _pulled.Value.Digest);
        lock (seconds) seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }
}
