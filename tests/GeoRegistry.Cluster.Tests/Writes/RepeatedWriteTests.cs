using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>A write that is repeated because its answer was lost is done once.</summary>
public sealed class RepeatedWriteTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("eu")]
    [InlineData("us")]
    public async Task Push_RepeatedWithItsKey_GetsTheFirstOutcomeAndMovesNoTagBack(string through)
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (client, eu, random) = (cluster[through].Client, cluster["eu"], Seeds.Next(output));
        var (first, second) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        foreach (var image in new[] { first, second }) await client.PushAsync("team/app", null, image);
        var answer = await PutAsync(first, "a");
        var moved = await PutAsync(second, "b");
        Assert.NotEqual(answer.Receipt, moved.Receipt);

        var repeated = await PutAsync(first, "a");
        Assert.Equal(answer.Receipt, repeated.Receipt);
        await client.PullExactlyAsync("team/app", "1", second);
        await eu.KillAsync();
        await eu.StartAsync();
        repeated = await PutAsync(first, "a");

        Assert.Equal(answer.Receipt, repeated.Receipt);
        await client.PullExactlyAsync("team/app", "1", second);
        Assert.NotEqual(answer.Receipt, (await PutAsync(first, "c")).Receipt); // Another key is another write.
        await client.PullExactlyAsync("team/app", "1", first);

        // So is a deletion under the key of a push.
        var (delete, again) = (await DeleteAsync(), await DeleteAsync());
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (delete.Status, again.Status));
        Assert.Equal(delete.Receipt, again.Receipt);

        // A write that changes nothing is remembered too: what others change before its repetition stays.
        await PutAsync(second, "e");
        var unchanged = await PutAsync(second, "f");
        await PutAsync(first, "g");
        Assert.Equal(unchanged.Receipt, (await PutAsync(second, "f")).Receipt);
        await eu.KillAsync();
        await eu.StartAsync();
        Assert.Equal(unchanged.Receipt, (await PutAsync(second, "f")).Receipt);
        await client.PullExactlyAsync("team/app", "1", first);

        async Task<Answer> PutAsync(TestImage image, string key) =>
            (await client.PutManifestAsync("team/app", "1", image, headers => headers.Add("Idempotency-Key", key)))
                .Expect(HttpStatusCode.Created);

        Task<Answer> DeleteAsync() => client.SendAsync(
            HttpMethod.Delete, "/v2/team/app/manifests/1", headers: headers => headers.Add("Idempotency-Key", "c"));
    }
}
