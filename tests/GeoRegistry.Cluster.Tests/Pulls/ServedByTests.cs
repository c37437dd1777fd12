using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Pulls;

/// <summary>Which region answered is said to programs, and not as a warning, which clients print at every pull.</summary>
[Collection(SharedRegions.Collection)]
public sealed class ServedByTests(SharedRegions shared, ITestOutputHelper output)
{
    [Fact]
    public async Task Answers_ThroughAnotherRegion_NameItWithoutAWarning()
    {
        var (us, image) = (shared.Us.Client, TestImage.Next(Seeds.Next(output), 100_000));
        await shared.Eu.Client.PushAsync("lazy/served", "1", image);

        AssertServedBy("eu", await GetAsync(shared.Us.Http, "/v2/lazy/served/tags/list"));
        AssertServedBy("eu", await GetAsync(shared.Us.Http, "/v2/lazy/served/manifests/unknown"), HttpStatusCode.NotFound);
        AssertServedBy("eu", await us.GetBlobAsync("lazy/served", image.Blobs[1].Digest));
        AssertServedBy("eu", await us.PutManifestAsync("lazy/served", "2", image), HttpStatusCode.Created);
        AssertServedBy(null, await GetAsync(shared.Eu.Http, "/v2/lazy/served/tags/list"));
        AssertServedBy(null, await shared.Eu.Client.GetBlobAsync("lazy/served", image.Blobs[1].Digest));
    }

    private static void AssertServedBy(string? region, Answer answer, HttpStatusCode status = HttpStatusCode.OK)
    {
        answer.Expect(status);
        Assert.Equal((region, null), (answer.Headers.GetValueOrDefault("GeoRegistry-Served-By"), answer.Warning));
    }

    private static async Task<Answer> GetAsync(HttpClient http, string path) => await Answer.ReadAsync(await http.GetAsync(path));
}
