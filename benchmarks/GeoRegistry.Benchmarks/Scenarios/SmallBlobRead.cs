using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Peers;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>A blob of 4 KiB.</summary>
internal sealed class SmallBlobRead(ScenarioContext context) : SmallRead(context)
{
    private readonly Blob _blob = Blob.Random(seed: 2, sizeBytes: 4096);

    public override string Name => "blob-4k";

    public override string Title => "4 KiB blob GET, c=32";

    protected override string Path => $"/v2/{Repository}/blobs/{_blob.Digest}";

    protected override byte[] Content => _blob.Content;

    protected override void Seed(IPeer peer) => peer.SeedBlob(Repository, _blob);
}
