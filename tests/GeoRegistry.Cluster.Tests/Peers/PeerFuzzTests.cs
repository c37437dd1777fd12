using System.Net;
using System.Text;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit.Fuzzing;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>Mixed-up requests of a region that knows the key: each is answered, none by a fault of the server.</summary>
public sealed class PeerFuzzTests(ITestOutputHelper output)
{
    private const int Workers = 4, RequestsOfEach = 1500;

    /// <summary>How many requests may get no answer: those that wait for a commit or a topology that never comes.</summary>
    private const double MaxUnansweredShare = 0.05;

    /// <summary>Requests that wait for what never comes are left after this.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(1);

    private static readonly HttpMethod[] Methods =
        [HttpMethod.Get, HttpMethod.Get, HttpMethod.Post, HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete];

    [Fact]
    public async Task PeerListener_OfMixedUpRequests_AnswersEachAndSurvives()
    {
        var seed = Fuzz.Seed(output);
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (eu, image) = (cluster["eu"], TestImage.Next(new Random(seed), 100));
        var receipt = (await eu.Client.PushAsync("team/app", "1", image)).Receipt!;
        await eu.Client.PushAsync("kept/app", "1", image); // Of which no request speaks: those to team/app may delete it.
        await cluster.WaitUntilConvergedAsync();
        await cluster["us"].StopAsync(); // The test speaks for it from here on, and lies.
        var (targets, bodies) = Examples(image, receipt);

        var counts = await Task.WhenAll(
            Enumerable.Range(0, Workers).Select(worker => SendAsync(eu, targets, bodies, new Random(seed + worker))));

        var all = counts.Sum(statuses => statuses.Count);
        var unanswered = counts.Sum(statuses => statuses.Count(status => status == 0));
        Assert.True(unanswered <= MaxUnansweredShare * all, $"{unanswered} of {all} requests got no answer.");
        var byStatus = counts.SelectMany(statuses => statuses).GroupBy(status => status).OrderBy(group => group.Key);
        output.WriteLine(string.Join(", ", byStatus.Select(group => $"{group.Key}: {group.Count()}")));
        Assert.DoesNotContain(" failed (trace ", eu.Output, StringComparison.Ordinal);

        // It was told that it has lost commits; what it has it answers all the same.
        await eu.Client.PullExactlyAsync("kept/app", "1", image);
        Assert.Equal("us", (await eu.ReplicationAsync()).Closed?.Split(' ')[0]);
    }

    private static async Task<List<int>> SendAsync(ClusterRegion region, string[] targets, byte[][] bodies, Random random)
    {
        var (mutations, statuses) = (new Mutations(random), new List<int>());
        using var http = new HttpClient { Timeout = RequestTimeout };
        for (var i = 0; i < RequestsOfEach; i++)
        {
            var target = random.Next(3) == 0 ? targets[random.Next(targets.Length)] : mutations.Text(targets);
            var body = mutations.Bytes(bodies);
            if (!TryMakeRequest(region, Methods[random.Next(Methods.Length)], target, body, out var request)) continue;
            using (request)
            {
                var status = await StatusOrNoneAsync(http, request);
                Assert.True(
                    status is < 500 or 503,
                    $"{request.Method} {request.RequestUri} was answered {status}: {Convert.ToHexString(body)}");
                statuses.Add(status);
            }
        }

        return statuses;
    }

    private static async Task<int> StatusOrNoneAsync(HttpClient http, HttpRequestMessage request)
    {
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return (int)response.StatusCode;
        }
        catch (Exception e) when (e is TaskCanceledException or HttpRequestException)
        {
            return 0; // A wait, or a head that Kestrel refuses by ending the connection.
        }
    }

    private static bool TryMakeRequest(ClusterRegion region, HttpMethod method, string target, byte[] body, out HttpRequestMessage request)
    {
        request = new HttpRequestMessage(method, (Uri?)null)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var asIs = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        if (!Uri.TryCreate($"http://{region.PeerEndPoint}/{Escaped(target).TrimStart('/')}", asIs, out var address)) return false;
        request.RequestUri = address;
        request.Content = new ByteArrayContent(body);
        request.Headers.TryAddWithoutValidation("Authorization", $"GeoRegistry-Cluster {ClusterFiles.Key}");
        request.Headers.TryAddWithoutValidation("GeoRegistry-Region", "us");
        return true;
    }

    // HTTP/2 has no line that could break, but the client takes only what a target may be made of.
    private static string Escaped(string target)
    {
        var escaped = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(target))
            escaped.Append(b is > 0x20 and < 0x7f and not (byte)'#' ? $"{(char)b}" : $"%{b:X2}");
        return escaped.ToString();
    }

    private static (string[] Targets, byte[][] Bodies) Examples(TestImage image, string receipt)
    {
        var (incarnation, blob) = (receipt.Split('-')[1], image.Blobs[0].Digest);
        string[] targets =
        [
            $"/peer/feed?incarnation={incarnation}&after=1&checksum=00ff", "/peer/feed?incarnation=&after=0&checksum=",
            "/peer/feed/end", $"/peer/feed/repository?position={receipt}", "/peer/followed",
            $"/peer/progress?incarnation={incarnation}&applied=1&topology=1", "/peer/ledgers?n=5&home=eu&after=team/app",
            "/peer/ledger?name=team/app", "/peer/ledgers/team/app", $"/peer/blobs/{blob}",
            $"/peer/receipts/{receipt}?repository=team/app&wait=5ms", $"/peer/links?repository=team/app&digest={blob}&size=5&id=1&first=1",
            "/peer/links/find", "/peer/links/find", "/peer/links/find", "/v2/team/app/manifests/1", "/v2/team/app/tags/list",
            "/api/v1/replication", "/api/v1/replication/verify", "/api/v1/replication/verify?repair=true",
            "/api/v1/regions/eu/resume", // Never with what accepts losses: as us does not run, it stays closed.
        ];
        byte[][] bodies =
        [
            Encoding.UTF8.GetBytes($$"""{"repository":"team/app","digests":["{{blob}}"],"after":1}"""),
            Encoding.UTF8.GetBytes("""{"repository":null,"digests":[null],"after":-1}"""),
            "[]"u8.ToArray(), "null"u8.ToArray(), [],
        ];
        return (targets, bodies);
    }
}
