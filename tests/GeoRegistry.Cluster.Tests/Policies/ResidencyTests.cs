using System.Net;
using System.Text;
using System.Text.Json;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Policies;

/// <summary>Which regions may have what.</summary>
[Collection(SharedRegions.Collection)]
public sealed class ResidencyTests(SharedRegions shared, ITestOutputHelper output)
{
    [Theory]
    [InlineData("eu-only/app", "eu")]
    [InlineData("us-team/us-only/app", "us")]
    public async Task Push_ToWhatOneRegionMayHave_LeavesNoByteInOthers(string repository, string region)
    {
        var random = Seeds.Next(output);
        var note = Convert.ToHexStringLower(Blob.Next(random, 16).Bytes);
        // One blob below and one above what databases and caches might take.
        var image = TestImage.Of([Blob.Next(random, 64), Blob.Next(random, 1000), Blob.Next(random, 200_000)], note);
        var home = shared.Cluster[region];
        await home.Client.PushAsync(repository, "1", image);
        await home.Client.PullExactlyAsync(repository, "1", image);
        await shared.Cluster.WaitUntilConvergedAsync();

        foreach (var other in shared.Cluster.Regions.Where(other => other != home))
        {
            foreach (var answer in new[]
            {
                await other.Client.GetManifestAsync(repository, "1"),
                await other.Client.GetManifestAsync(repository, image.Digest),
                await other.Client.GetBlobAsync(repository, image.Blobs[1].Digest),
                await other.Client.PutManifestAsync(repository, "2", image),
                await other.Client.SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/"),
                await other.Client.DeleteManifestAsync(repository, "1"),
            })
            {
                AssertDenied(answer, region);
            }

            foreach (var blob in image.Blobs)
            {
                Assert.False(other.Blobs.Has(blob.Digest), $"{other.Id} has {blob.Digest}");
                Assert.False(BlobFiles.FindBytes(other.DataFolder, blob.Bytes.AsSpan(0, 32)), $"{other.Id} has bytes of {blob.Digest}");
            }

            Assert.False(BlobFiles.FindBytes(other.DataFolder, Encoding.UTF8.GetBytes(note)), $"{other.Id} has the manifest's bytes");
        }

        var where = await home.Client.GetJsonAsync<WhereAnswer>($"/api/v1/repositories/{repository}/where?reference=1");
        Assert.Equal((region, "complete"), (where.Home, where.In(region).State));
        Assert.All(
            where.Regions.Where(other => other.Region != region),
            other => Assert.Equal(("excluded", null), (other.State, other.Digest)));
    }

    [Fact]
    public async Task Mount_FromWhatOneRegionMayHave_BringsNothingElsewhere()
    {
        var image = TestImage.Next(Seeds.Next(output), 5000);
        await shared.Eu.Client.PushAsync("eu-only/source", "1", image);

        var mounted = await shared.Us.Client.MountAsync("us-team/thief", image.Blobs[1].Digest, "eu-only/source");

        Assert.NotEqual(HttpStatusCode.Created, mounted.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await shared.Us.Client.GetBlobAsync("us-team/thief", image.Blobs[1].Digest)).Status);
        Assert.False(shared.Us.Blobs.Has(image.Blobs[1].Digest));
    }

    [Fact]
    public async Task Push_ToALazyPrefix_BringsBlobsWithTheFirstPullOnly()
    {
        var image = TestImage.Next(Seeds.Next(output), 100_000);
        await shared.Eu.Client.PushAsync("lazy/app", "1", image);
        await shared.Cluster.WaitUntilConvergedAsync();

        Assert.All(image.Blobs, blob => Assert.False(shared.Us.Blobs.Has(blob.Digest)));
        Assert.Equal("partial", (await WhereAsync()).In("us").State);
        await shared.Us.Client.PullExactlyAsync("lazy/app", "1", image);
        await Waiting.UntilAsync("us has stored what it was pulled", () =>
            Task.FromResult(image.Blobs.All(blob => shared.Us.Blobs.Has(blob.Digest))));
        Assert.All(image.Blobs, blob => Assert.False(shared.Ap.Blobs.Has(blob.Digest)));
        await Waiting.UntilAsync("us says that it has all", async () => (await WhereAsync()).In("us").State == "complete");

        Task<WhereAnswer> WhereAsync() => shared.Ap.Client.GetJsonAsync<WhereAnswer>("/api/v1/repositories/lazy/app/where?reference=1");
    }

    private static void AssertDenied(Answer answer, string region)
    {
        answer.Expect(HttpStatusCode.Forbidden);
        var error = JsonDocument.Parse(answer.Text).RootElement.GetProperty("errors")[0];
        Assert.Equal("DENIED", error.GetProperty("code").GetString());
        Assert.Equal(region, error.GetProperty("detail").GetProperty("regions").GetString());
    }
}
