using System.Net;
using GeoRegistry.Cluster.Tests.Regions;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>What regions tell each other is for them alone.</summary>
[Collection(SharedRegions.Collection)]
public sealed class PeerListenerTests(SharedRegions shared)
{
    private static readonly string[] Paths =
    [
        "/peer/feed?after=0&checksum=", "/peer/feed/end", "/peer/ledgers", "/peer/receipts/eu-1?wait=0s", "/v2/", "/api/v1/replication",
    ];

    [Fact]
    public async Task PeerPaths_OnTheClientsListener_AreNotThere()
    {
        foreach (var path in Paths.Where(path => path.StartsWith("/peer/", StringComparison.Ordinal)))
            Assert.Equal(HttpStatusCode.NotFound, (await shared.Eu.Client.SendAsync(HttpMethod.Get, path)).Status);
    }

    [Theory]
    [InlineData(null, "us")]
    [InlineData("GeoRegistry-Cluster not the key of this cluster, but as long as it", "us")]
    [InlineData($"Bearer {ClusterFiles.Key}", "us")]
    public async Task PeerListener_WithoutTheClustersKey_AnswersNothing(string? authorization, string region)
    {
        foreach (var path in Paths) Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(path, authorization, region));
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("")]
    public async Task PeerListener_WithTheKeyAndNoRegionOfTheTopology_Refuses(string region) =>
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("/peer/feed/end", $"GeoRegistry-Cluster {ClusterFiles.Key}", region));

    [Fact]
    public async Task PeerListener_WithTheKey_Answers() =>
        Assert.Equal(HttpStatusCode.OK, await AskAsync("/peer/feed/end", $"GeoRegistry-Cluster {ClusterFiles.Key}", "us"));

    /// <summary>A head that the clients' listener takes must not break the connection that all requests to a region share.</summary>
    [Fact]
    public async Task RelayedRequest_WithTheLargestHeadOfAClient_IsAnsweredByTheHome()
    {
        const int Headers = 90, ValueBytes = 340, QueryBytes = 30_000; // Of 100 headers and 32 KiB; of a line of 32 KiB.
        var answer = await shared.Us.Client.SendAsync(
            HttpMethod.Get, $"/v2/peers/large/tags/list?q={new string('q', QueryBytes)}", headers: headers =>
        {
            for (var i = 0; i < Headers; i++) headers.TryAddWithoutValidation($"X-{i}", new string('v', ValueBytes));
        });
        Assert.Equal((HttpStatusCode.NotFound, false), (answer.Status, answer.MayBeStale));
    }

    private async Task<HttpStatusCode> AskAsync(string path, string? authorization, string region)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{shared.Eu.PeerEndPoint}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Headers.TryAddWithoutValidation("GeoRegistry-Region", region);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.StatusCode;
    }
}
