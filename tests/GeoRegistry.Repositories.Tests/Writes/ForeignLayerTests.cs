using System.Text.Json.Nodes;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Writes;

/// <summary>Layers that may live elsewhere, and that were pushed.</summary>
public sealed class ForeignLayerTests
{
    /// <summary>The region that took the layer could not tell the home of it yet; of any other blob the home would ask.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PutManifestAsync_ForeignLayerThatOnlyAnotherRegionHas_CommitsTheLayer(bool isPutAgain)
    {
        var (config, layer, elsewhere) = (SampleManifests.ConfigOf("a"), SampleBlob.Of("foreign"), new Elsewhere());
        await using var region = new TestRegion();
        var process = region.Start(elsewhere);
        await process.PushBlobAsync(config);
        var image = SampleManifests.Read(
            JsonNode.Parse($$"""
            {"schemaVersion":2,"config":{"mediaType":"a/b","digest":"{{config.Digest}}","size":{{config.SizeBytes}}},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar",
                        "digest":"{{layer.Digest}}","size":{{layer.SizeBytes}}}]}
            """)!,
            MediaTypes.OciImageManifest);
        if (isPutAgain) TestProcess.Committed(await process.PutAsync(image, "v1"));
        elsewhere.Blobs[layer.Digest] = layer.SizeBytes;

        TestProcess.Committed(await process.PutAsync(image, "v1"));

        var operations = (await process.ReadCommitsAsync()).SelectMany(commit => commit.Operations);
        Assert.Contains(new Operation.BlobLinked(layer.Digest, layer.SizeBytes), operations);
    }

    /// <summary>The blobs of other regions.</summary>
    private sealed class Elsewhere : IRemoteBlobs
    {
        public Dictionary<Digest, long> Blobs { get; } = [];

        public ValueTask<long?> FindAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) => default;

        public Task<IBlobReader?> OpenAsync(Digest digest, long sizeBytes, CancellationToken cancellation = default) =>
            Task.FromResult<IBlobReader?>(null);

        public Task<IReadOnlyDictionary<Digest, long>> FindManyAsync(
            RepositoryName repository, IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default) =>
            Task.FromResult<IReadOnlyDictionary<Digest, long>>(Blobs.Where(blob => digests.Contains(blob.Key)).ToDictionary());
    }
}
