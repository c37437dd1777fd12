using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>
/// While a delete is on its way to the other regions, what comes after it in the home is not acknowledged before it is
/// shown.
/// </summary>
public sealed class SpreadingDeletesTests(ITestOutputHelper output)
{
    private const int Rounds = 5, MaxAttempts = 10_000;

    [Fact]
    public Task Push_OfATagWhoseDeleteSpreads_IsNotAcknowledgedBeforeNobodyShowsTheOldOne() =>
        RaceAsync("ap-team/push", async (ap, tag, image) =>
    {
        // Refused until the delete is committed.
        for (var attempt = 1; !await ap.CreateAsync(tag, image); attempt++) Assert.True(
            attempt < MaxAttempts, $"The push was refused {attempt} times: the delete was never committed.");
    });

    [Fact]
    public Task Delete_OfATagWhoseDeleteSpreads_IsNotRefusedBeforeNobodyShowsTheOldOne() =>
        RaceAsync("ap-team/delete", async (ap, tag, image) =>
    {
        // Of two deletes one finds nothing.
        await ap.DeleteAsync(tag);
    });

    /// <summary>A region that is cut off shows the old one for as long as its lease lasts, and says nothing of it.</summary>
    [Fact]
    public async Task Read_InTheHomeOfATagWhoseMoveSpreads_IsNotAnsweredBeforeNobodyShowsTheOldOne()
    {
        var (random, history) = (Seeds.Next(output), new RunHistory());
        await using var cluster = await RegionCluster.StartAsync(
            new ClusterPlan { Options = new Dictionary<string, string> { ["GeoRegistry:Replication:StalenessBound"] = "00:00:15" } });
        var (eu, us) = (new RecordingClient(cluster["eu"].Client, history), new RecordingClient(cluster["us"].Client, history));
        var (tag, first, second) = (new ManifestName("team/app", "1"), TestImage.Next(random, 100), TestImage.Next(random, 100));
        Assert.True(await eu.PushAsync(tag, first));
        Assert.True(await eu.PushAsync(tag.ByDigest(second.Digest), second));
        await cluster.WaitUntilConvergedAsync();
        Assert.False((await us.ReadAsync(tag))!.MayBeStale);
        cluster.CutOff("us");

        var moving = eu.MoveAsync(tag, first.Digest, second);
        await Waiting.UntilAsync("ap has followed the move", async () => (await cluster["ap"].ReplicationAsync()).From("eu").Applied == 3);
        await eu.ReadAsync(tag);
        await us.ReadAsync(tag);

        Assert.True(await moving);
        await cluster.StopAsync();
        history.AssertRight(cluster.Regions);
    }

    private async Task RaceAsync(string repository, Func<RecordingClient, ManifestName, TestImage, Task> after)
    {
        var (random, history) = (Seeds.Next(output), new RunHistory());
        await using var cluster = await RegionCluster.StartAsync();
        var (ap, us) = (new RecordingClient(cluster["ap"].Client, history), new RecordingClient(cluster["us"].Client, history));
        for (var round = 0; round < Rounds; round++)
        {
            var (tag, image) = (new ManifestName(repository, $"{round}"), TestImage.Next(random, 100));
            Assert.True(await ap.PushAsync(tag.ByDigest(image.Digest), image));
            Assert.True(await ap.PushAsync(tag, TestImage.Next(random, 100)));
            await cluster.WaitUntilConvergedAsync();
            await us.ReadAsync(tag);

            var delete = ap.DeleteAsync(tag);
            await after(ap, tag, image);
            await us.ReadAsync(tag);
            await delete;
        }

        await cluster.StopAsync();
        try
        {
            history.AssertRight(cluster.Regions);
        }
        catch (TrueException e)
        {
            throw new XunitException($"{e.Message}\n{cluster.Tails()}", e);
        }
    }
}
