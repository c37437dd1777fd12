using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
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
