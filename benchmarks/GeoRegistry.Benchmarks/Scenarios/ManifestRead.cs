using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Peers;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>A manifest of eight layers, by tag or by digest, with GET or HEAD.</summary>
internal sealed class ManifestRead(ScenarioContext context, bool onlyHead, bool byDigest) : SmallRead(context)
{
    private const string Tag = "v1";
    private readonly Image _image = Image.Create(seed: 1, layers: 8, layerSizeBytes: 1024);

    public override string Name => $"manifest-{(onlyHead ? "head" : "get")}-{(byDigest ? "digest" : "tag")}";

    public override string Title => $"manifest {(onlyHead ? "HEAD" : "GET")} by {(byDigest ? "digest" : "tag")}, c=32";

    protected override bool OnlyHead => onlyHead;

    protected override string Path => $"/v2/{Repository}/manifests/{(byDigest ? _image.Manifest.Digest : Tag)}";

    protected override byte[] Content => _image.Manifest.Content;

    protected override void Seed(IPeer peer) => peer.SeedImage(Repository, Tag, _image);
}
