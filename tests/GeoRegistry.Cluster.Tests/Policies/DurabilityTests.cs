using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Policies;

/// <summary>In how many regions a push is complete when it is acknowledged.</summary>
public sealed class DurabilityTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private static readonly ClusterPlan Plan = new()
    {
        Policies = [new("everywhere") { Durability = "all" }],
        Options = new Dictionary<string, string> { ["GeoRegistry:Replication:DurabilityTimeout"] = $"{Timeout}" },
    };

    [Fact]
    public async Task Push_WithDurability_IsCompleteInThatManyRegions()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan);
        var random = Seeds.Next(output);
        foreach (var (repository, durability, regions) in new[]
            { ("team/a", "one", 2), ("team/b", "majority", 2), ("us-team/c", "all", 3), ("everywhere/d", null, 3) })
        {
            foreach (var from in cluster.Regions)
            {
                var image = TestImage.Next(random, 100_000);
                var receipt = (await from.Client.PushAsync(repository, from.Id, image, durability)).Receipt;

                // A blob is where its file is.
                Assert.InRange(cluster.Regions.Count(region => image.Blobs.All(blob => region.Blobs.Has(blob.Digest))), regions, 3);
                var states = await cluster["ap"].Client.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}");
                Assert.InRange(states.Regions.Count(state => state.State == "complete"), regions, 3);
            }
        }
    }

    [Fact]
    public async Task Push_ThatCannotBeAsDurableAsAsked_IsNotAcknowledgedAndCanBeRepeated()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan);
        var (eu, image) = (cluster["eu"].Client, TestImage.Next(Seeds.Next(output), 10_000));
        cluster.CutOff("ap");

        var began = Stopwatch.GetTimestamp();
        var answer = await eu.TryPushAsync("everywhere/app", "1", image);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.InRange(Stopwatch.GetElapsedTime(began), Timeout, Timeout * 4);
        Assert.Contains("Retry-After", answer.Headers.Keys);
        var error = JsonDocument.Parse(answer.Text).RootElement.GetProperty("errors")[0];
        Assert.Equal("UNAVAILABLE", error.GetProperty("code").GetString());
        var receipt = error.GetProperty("detail").GetProperty("receipt").GetString();
        Assert.StartsWith("eu-", receipt, StringComparison.Ordinal);
        // Two regions are enough for the others who ask, and the commit is kept.
        await eu.PullExactlyAsync("everywhere/app", "1", image);
        await cluster["us"].Client.PullExactlyAsync("everywhere/app", "1", image);
        Assert.Equal(HttpStatusCode.Created, (await eu.TryPushAsync("everywhere/app", "2", image, "majority")).Status);
        var states = await eu.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}?region=us&wait=30s");
        Assert.Equal("complete", states.In("us"));
        Assert.Equal("unreachable", (await eu.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}")).In("ap"));

        cluster.Rejoin("ap");
        Assert.Equal("complete", (await eu.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}?region=ap&wait=60s")).In("ap"));
        Assert.Equal(HttpStatusCode.Created, (await eu.TryPushAsync("everywhere/app", "1", image)).Status);
        Assert.All(cluster.Regions, region => Assert.All(image.Blobs, blob => Assert.True(region.Blobs.Has(blob.Digest))));
    }

    /// <summary>
    /// Its blobs are on their way to a region: a tag that is set on it, and the same push again, are no more durable than they.
    /// </summary>
    [Fact]
    public async Task Push_OfWhatIsThereAlreadyAndNotYetCopied_WaitsForItsBlobs()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan with
        {
            Regions = ["eu", "us"],
            Homes = [new("", "eu")],
            Link = LinkQuality.Near with { BitsPerSecond = 8_000_000 },
        });
        var (eu, us, image) = (cluster["eu"].Client, cluster["us"], TestImage.Next(Seeds.Next(output), 12_000_000));
        await eu.PushAsync("team/app", "1", image, "local"); // For a dozen seconds.

        var tagged = await eu.PutManifestAsync("team/app", "latest", image, headers => headers.Durability("all"));
        Assert.False(us.Blobs.Has(image.Blobs[1].Digest));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, tagged.Status);
        Assert.Equal("pending", (await eu.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{ReceiptOf(tagged)}")).In("us"));
        await eu.PutManifestAsync("team/app", "other", image, headers => headers.Durability("local"));
        var again = await eu.PutManifestAsync("team/app", "latest", image, headers => headers.Durability("all"));
        Assert.False(us.Blobs.Has(image.Blobs[1].Digest));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, again.Status);

        Assert.Equal(
            "complete", (await eu.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{ReceiptOf(tagged)}?region=us&wait=60s")).In("us"));
        Assert.True(us.Blobs.Has(image.Blobs[1].Digest));
        var last = await eu.PutManifestAsync("team/app", "latest", image, headers => headers.Durability("all"));
        Assert.Equal(HttpStatusCode.Created, last.Status);
    }

    [Fact]
    public async Task Push_OfAForeignLayerThatWasPushed_IsCompleteWithTheLayerToo()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan);
        var image = WithForeignLayers(TestImage.Next(Seeds.Next(output), 50_000));

        await cluster["us"].Client.PushAsync("everywhere/windows", "1", image);

        Assert.All(cluster.Regions, region => Assert.All(image.Blobs, blob => Assert.True(region.Blobs.Has(blob.Digest))));
        var where = await cluster["ap"].Client.GetJsonAsync<WhereAnswer>("/api/v1/repositories/everywhere/windows/where?reference=1");
        Assert.All(where.Regions, region => Assert.Equal(("complete", 2, 2), (region.State, region.Blobs, region.BlobsHere)));
    }

    /// <summary>Nothing awaits the blob, so that only the store can tell.</summary>
    [Fact]
    [Trait("Stores", "embedded")]
    public async Task Receipt_OfAPushWhoseBlobIsGone_IsPendingUntilItIsBack()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (us, image) = (cluster["us"], TestImage.Next(Seeds.Next(output), 1000));
        await cluster.WaitUntilConvergedAsync(); // A region that is still taking over gets snapshots instead of commits.
        var path = $"/api/v1/receipts/{(await cluster["eu"].Client.PushAsync("team/app", "1", image)).Receipt}?region=us";
        await cluster.WaitUntilConvergedAsync();
        Assert.Equal("complete", (await us.Client.GetJsonAsync<ReceiptAnswer>(path)).In("us"));
        cluster.CutOff("us", CutMode.Refused); // Nobody can give it back.

        File.Delete(us.BlobFiles.PathOf(image.Blobs[1].Digest));

        Assert.Equal("pending", (await us.Client.GetJsonAsync<ReceiptAnswer>(path)).In("us"));
        cluster.Rejoin("us");
        await us.Client.PostAsync<object>("/api/v1/replication/verify?repair=true&region=us");
        Assert.Equal("complete", (await us.Client.GetJsonAsync<ReceiptAnswer>($"{path}&wait=60s")).In("us"));
        Assert.True(us.Blobs.Has(image.Blobs[1].Digest));
    }

    [Fact]
    public async Task Receipt_ThatIsNone_IsNotFound()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan with { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var failure = await Assert.ThrowsAsync<AnswerException>(
            () => cluster["eu"].Client.GetJsonAsync<ReceiptAnswer>("/api/v1/receipts/nonsense"));
        Assert.Equal(HttpStatusCode.NotFound, failure.Answer.Status);
    }

    private static string ReceiptOf(Answer refused) => JsonDocument.Parse(refused.Text).RootElement.GetProperty("errors")[0]
        .GetProperty("detail").GetProperty("receipt").GetString()!;

    // As images of Windows have them: their content may be had elsewhere, and need not be pushed.
    private static TestImage WithForeignLayers(TestImage image)
    {
        var manifest = JsonNode.Parse(image.Manifest)!;
        foreach (var layer in manifest["layers"]!.AsArray())
        {
            layer!["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
            layer["urls"] = new JsonArray("https://mcr.example/layer");
        }

        return new TestImage(JsonSerializer.SerializeToUtf8Bytes(manifest), image.MediaType, image.Blobs, image.Children);
    }
}
