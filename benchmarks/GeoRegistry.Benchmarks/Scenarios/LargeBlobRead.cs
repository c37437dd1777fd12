using GeoRegistry.Benchmarks.Clients;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>A blob of 100 MiB over 8 connections, from the page cache; the client drops the bytes uncopied.</summary>
internal sealed class LargeBlobRead(ScenarioContext context) : IScenario
{
    private const string Repository = "bench/app";
    private const int SizeBytes = 100 * 1024 * 1024;
    private const int Connections = 8;
    private readonly Lazy<Blob> _blob = new(() => Blob.Random(seed: 3, SizeBytes));

    public string Name => "blob-100m";

    public string Title => "100 MiB blob GET, c=8";

    public Work Work => Work.Bytes;

    public bool ServesFiles => true;

    public IReadOnlyList<Target> Targets { get; } = [Target.Ratio("nginx", 0.9), Target.Ratio("docker-registry", 1.2)];

    public void Prepare(IPeer peer)
    {
        peer.SeedBlob(Repository, _blob.Value);
        using (var connection = new HttpConnection(peer.Address))
        {
            var (_, body) = connection.Get($"/v2/{Repository}/blobs/{_blob.Value.Digest}");
            if (Blob.Of(body).Digest != _blob.Value.Digest) throw new IOException("The blob came with other bytes.");
        }

        Run(peer);
    }

    public Measurement Measure(IPeer peer, int round) => Measurement.Take(peer, () => Run(peer));

    private Load Run(IPeer peer)
    {
        var digest = _blob.Value.Digest;
        return Workers.Run(
            peer.Address, Connections, context.Options.LargeReads, SizeBytes, (client, _) => client.ReadBlob(Repository, digest));
    }
}
