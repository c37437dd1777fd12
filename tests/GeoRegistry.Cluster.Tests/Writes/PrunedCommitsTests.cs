using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>A region that is alone lets its old commits go too: nobody needs them, and manifests are not in them alone.</summary>
public sealed class PrunedCommitsTests(ITestOutputHelper output)
{
    private const int Pushes = 6, NoteBytes = 400_000;

    [Theory]
    [InlineData("GeoRegistry:Replication:RetainedCommits", "3")]
    [InlineData("GeoRegistry:Replication:RetainedCommitsMiB", "1")]
    public async Task Push_InALoneRegion_LeavesNoMoreCommitsThanAreToBeKept(string option, string value)
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, $"--{option}", value);
        using var http = server.CreateClient();
        var (client, random) = (new RegionClient("eu", http), Seeds.Next(output));
        var blobs = TestImage.Next(random, 1000).Blobs;
        var images = Enumerable.Range(0, Pushes).Select(number => TestImage.Of(blobs, $"{number}{new string('x', NoteBytes)}")).ToList();
        foreach (var image in images) await client.PushAsync("team/app", "1", image);

        await Waiting.UntilAsync("old commits go", () => Task.FromResult(Commits() is { Count: < Pushes }));
        var (count, bytes) = Commits();
        Assert.InRange(count, 1, 3);
        Assert.InRange(bytes, NoteBytes, 3 * (NoteBytes + 10_000));
        foreach (var image in images) await client.PullExactlyAsync("team/app", image.Digest, image);
        await client.PushAsync("team/app", "2", images[0]);

        (long Count, long Bytes) Commits() => LedgerAudit.Query(
            folder.Path,
            "SELECT count(*), CAST(sum(length(encoded)) AS bigint) FROM commits",
            row => (row.GetInt64(0), row.GetInt64(1))).Single();
    }
}
