using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.Repositories.Tests.Reads;

/// <summary>A read sees every write that was acknowledged before it began, however caches, tables and writers interleave.</summary>
public sealed class FreshReadsTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Seed = 20261122, Tags = 4, Versions = 30, Readers = 3;

    private readonly TestRegion _region = new();
    private readonly long[] _acknowledged = new long[Tags];

    [Fact]
    public async Task FindManifestAsync_WhileTagsMove_IsNeverOlderThanWhatWasAcknowledged()
    {
        _region.Options.ManifestCacheMiB = 1; // Small, so that generations change and reads go to the tables too.
        var process = _region.Start();
        await process.PushBlobAsync(SampleBlob.Of("{}"));
        var images = Enumerable.Range(0, Tags)
            .Select(tag => Enumerable.Range(0, Versions).Select(version => ImageOf(tag, version)).ToArray())
            .ToArray();
        var versions = images.SelectMany(ofTag => ofTag.Select((image, version) => (image.Digest, version))).ToDictionary();

        var writers = Task.WhenAll(Enumerable.Range(0, Tags).Select(tag => Task.Run(() => WriteAsync(process, tag, images[tag]))));
        var reads = await Task.WhenAll(Enumerable.Range(0, Readers).Select(reader => Task.Run(
                () => ReadAsync(process, new Random(Seed + reader), images, versions, writers))))
            .OrFail("the last reader");
        await writers.OrFail("the last writer");

        output.WriteLine($"seed {Seed}: {Tags * Versions} writes, {reads.Sum()} reads");
        Assert.All(reads, count => Assert.InRange(count, 1, int.MaxValue));
        Assert.All(_acknowledged, version => Assert.Equal(Versions - 1, version));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();

    private async Task WriteAsync(TestProcess process, int tag, Manifest[] images)
    {
        for (var version = 0; version < images.Length; version++)
        {
            // Every other manifest is there before its tag: then the tag alone is set, and the cache cannot know its manifest.
            if (version % 2 == 0) TestProcess.Committed(await process.PutAsync(images[version]));
            TestProcess.Committed(await process.PutAsync(images[version], $"t{tag}"));
            Volatile.Write(ref _acknowledged[tag], version);
        }
    }

    private async Task<int> ReadAsync(
        TestProcess process, Random random, Manifest[][] images, Dictionary<Digest, int> versions, Task writers)
    {
        var (count, deadline) = (0, new LoopDeadline("the last write"));
        do
        {
            deadline.Check();
            var tag = random.Next(Tags);
            var floor = Volatile.Read(ref _acknowledged[tag]);
            var digest = await process.ReadAsync($"t{tag}");
            if (digest is { } found)
                Assert.True(
                    versions[found] >= floor,
                    $"Seed {Seed}: t{tag} was acknowledged at {floor} and then read as {versions[found]}.");
            else
                Assert.Equal(0, floor);

            // What was acknowledged is there by digest too.
            if (floor > 0) Assert.NotNull(await process.ReadAsync($"{images[tag][random.Next((int)floor)].Digest}"));
            count++;
        }
        while (!writers.IsCompleted);

        return count;
    }

    private static Manifest ImageOf(int tag, int version) => SampleManifests.Read(
        new System.Text.Json.Nodes.JsonObject
        {
            ["schemaVersion"] = 2,
            ["config"] = SampleManifests.Descriptor(SampleBlob.Of("{}").Digest, 2, "application/vnd.oci.empty.v1+json"),
            ["layers"] = new System.Text.Json.Nodes.JsonArray(),
            ["annotations"] = new System.Text.Json.Nodes.JsonObject
            {
                ["tag"] = $"{tag}",
                ["version"] = $"{version}",
                ["padding"] = new string('x', 8000),
            },
        },
        MediaTypes.OciImageManifest);
}
