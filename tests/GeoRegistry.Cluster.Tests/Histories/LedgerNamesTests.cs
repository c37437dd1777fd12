using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>What is read from the ledgers of real regions is what clients did, and what is not shows.</summary>
public sealed class LedgerNamesTests(ITestOutputHelper output)
{
    private static readonly ManifestName Tag = new("us-team/app", "1");

    [Fact]
    public async Task AssertRight_RunOfRealRegions_HasTheLedgersOrder()
    {
        var random = Seeds.Next(output);
        await using var cluster = await RegionCluster.StartAsync();
        var history = new RunHistory();
        var (eu, us) = (new RecordingClient(cluster["eu"].Client, history), new RecordingClient(cluster["us"].Client, history));
        var images = Enumerable.Range(0, 4).Select(_ => TestImage.Next(random, 100)).ToArray();
        foreach (var image in images) Assert.True(await us.PushAsync(Tag.ByDigest(image.Digest), image));

        Assert.True(await eu.CreateAsync(Tag, images[0]));
        Assert.False(await us.CreateAsync(Tag, images[1]));
        Assert.True(await us.MoveAsync(Tag, images[0].Digest, images[1]));
        Assert.False(await eu.MoveAsync(Tag, images[0].Digest, images[2]));
        await eu.ReadAsync(Tag);
        Assert.True(await eu.DeleteAsync(Tag));
        Assert.False(await us.DeleteAsync(Tag));
        Assert.True(await us.PushAsync(Tag, images[2]));
        Assert.True(await eu.PushAsync(Tag, images[2]));
        await us.ReadAsync(Tag);
        var byDigest = Tag.ByDigest(images[2].Digest);
        Assert.True(await eu.DeleteAsync(byDigest));
        Assert.False(await us.DeleteAsync(byDigest));
        Assert.Equal(HttpStatusCode.NotFound, (await us.PullAsync(byDigest))!.Status);
        Assert.True(await us.PushAsync(byDigest, images[2]));
        Assert.Equal(HttpStatusCode.OK, (await eu.PullAsync(byDigest))!.Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await eu.DeleteBlobAsync(Tag.Repository, images[2].Blobs[0].Digest));
        await cluster.WaitUntilConvergedAsync();
        await cluster.StopAsync();

        history.AssertRight(cluster.Regions);
        var versions = LedgerNames.Read(cluster.Regions);
        Assert.Equal([null, images[0].Digest, images[1].Digest, null, images[2].Digest, null], Values(versions[Tag]));
        Assert.Equal([null, images[2].Digest, null, images[2].Digest], Values(versions[byDigest]));

        history.Add(new NameOperation("ap", Tag, NameAction.Write, images[3].Digest, long.MaxValue, long.MaxValue));
        history.Add(new NameOperation("ap", byDigest, NameAction.Read, null, long.MaxValue, long.MaxValue));
        var faults = Assert.Throws<TrueException>(() => history.AssertRight(cluster.Regions)).Message;
        Assert.Contains($"{Tag}: an acknowledged write is no version", faults, StringComparison.Ordinal);
        Assert.Contains($"{byDigest}: read has what was no longer so", faults, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ManifestDeleted_EndsItsTags()
    {
        var image = TestImage.Next(Seeds.Next(output), 100);
        await using var cluster = await RegionCluster.StartAsync();
        foreach (var tag in new[] { "1", "2" }) await cluster["eu"].Client.PushAsync(Tag.Repository, tag, image);
        (await cluster["eu"].Client.DeleteManifestAsync(Tag.Repository, image.Digest)).Expect(HttpStatusCode.Accepted);
        await cluster.StopAsync();

        var tags = LedgerNames.Read(cluster.Regions);

        foreach (var tag in new[] { "1", "2" })
            Assert.Equal([null, image.Digest, null], Values(tags[new ManifestName(Tag.Repository, tag)]));
    }

    private static IEnumerable<string?> Values(NameVersions versions) =>
        Enumerable.Range(0, versions.Count).Select(version => versions[version]);
}
