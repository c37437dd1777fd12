using System.Diagnostics;
using System.Text;
using GeoRegistry.FrontDoor.Admin;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Fuzzing;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.FrontDoor.Tests.Fuzzing;

/// <summary>
/// Mixed-up requests to a real server: each is answered, none by a fault of the server, and the server and the
/// connections survive.
/// </summary>
public sealed class RequestFuzzTests(ITestOutputHelper output)
{
    private const int Workers = 4;

    /// <summary>
    /// A request whose head is larger may be refused while it is being sent, so that its answer may be lost with the
    /// connection.
    /// </summary>
    private const int SureHeadBytes = 16 * 1024;

    private static readonly int RequestsOfEach = (LongTests.AreOn ? 200_000 : 24_000) / Workers;

    /// <summary>The longest wait that a request may ask for: others have to come in turn.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(100);

    private static readonly string[] Methods =
        ["GET", "GET", "GET", "HEAD", "PUT", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "BREW", "get"];

    [Fact]
    public async Task Server_OfMixedUpRequests_AnswersEachAndSurvives()
    {
        using var folder = new TemporaryFolder();
        await using var server = await OneRegion.StartAsync(folder, "--GeoRegistry:CorsOrigins", "https://ui.example");
        using var client = new RegistryClient(server.Address);
        var examples = await ExamplesAsync(client);
        var seed = Fuzz.Seed(output);
        var began = Stopwatch.GetTimestamp();

        var counts = await Task.WhenAll(Enumerable.Range(0, Workers)
            .Select(worker => Task.Run(() => SendAsync(server.Address, examples, new Random(seed + worker)))));

        var byStatus = counts
            .SelectMany(statuses => statuses)
            .GroupBy(status => status)
            .OrderBy(group => group.Key)
            .Select(group => $"{group.Key}: {group.Count()}");
        output.WriteLine(
            $"{Workers * RequestsOfEach} requests in {Stopwatch.GetElapsedTime(began).TotalSeconds:f0} s; {string.Join(", ", byStatus)}");
        (await client.GetAsync("/healthz/ready")).Expect(200);
        await new RepositoryClient(client, "after/all").PushImageAsync("v1");
        Assert.DoesNotContain(" failed (trace ", server.Output, StringComparison.Ordinal);
    }

    private static async Task<List<int>> SendAsync(Uri address, Examples examples, Random random)
    {
        var (mutations, statuses) = (new Mutations(random), new List<int>());
        var connection = (RawConnection?)null;
        try
        {
            for (var i = 0; i < RequestsOfEach; i++)
            {
                var (label, head, body) = Request(mutations, random, examples, address);
                connection ??= await RawConnection.OpenAsync(address);
                var answer = await AnswerOrEndAsync(connection, label, [.. head, .. body]);
                if (answer is null && head.Length < SureHeadBytes)
                    throw new XunitException($"Request {i} was not answered: {Shown(head)}");
                if (answer?.Status >= 500) throw new XunitException($"Request {i} was answered {answer}: {Shown(head)}\n{Shown(body)}");
                statuses.Add(answer?.Status ?? 0);
                if (answer is not null && answer["Connection"] != "close") continue;
                await connection.DisposeAsync();
                connection = null;
            }
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
        }

        return statuses;
    }

    private static async Task<Answer?> AnswerOrEndAsync(RawConnection connection, string label, byte[] request)
    {
        try
        {
            await connection.WriteAsync(request);
        }
        catch (IOException)
        {
            // Refused while it was being sent: the answer may be there all the same.
        }

        return await connection.ReadAnswerOrEndAsync(label);
    }

    private static (string Label, byte[] Head, byte[] Body) Request(Mutations mutations, Random random, Examples examples, Uri address)
    {
        var method = Methods[random.Next(Methods.Length)];

        // Half of the targets are good, so that headers and bodies get that far.
        var target = random.Next(2) == 0
            ? examples.Targets[random.Next(examples.Targets.Length)]
            : OneLine(mutations.Text(examples.Targets));
        if (WaitsLong(target)) target = "/v2/";
        var body = random.Next(3) == 0 ? mutations.Bytes(examples.Bodies) : [];
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Length: {body.Length}\r\n");
        for (var headers = random.Next(4); headers > 0; headers--) head.Append(OneLine(mutations.Text(examples.Headers))).Append("\r\n");
        return ($"{method} {Fuzz.Escaped(target)}", Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), body);
    }

    // What would be another request is not what is tried here.
    private static string OneLine(string text) => text.Replace('\r', '_').Replace('\n', '_');

    private static bool WaitsLong(string target)
    {
        var wait = target.IndexOf("wait=", StringComparison.Ordinal);
        return wait >= 0 && target.Contains("receipts", StringComparison.Ordinal)
            && ReplicationEndpoints.TryWait(Uri.UnescapeDataString(target[(wait + 5)..].Split('&', '#')[0]), out var asked)
            && asked > MaxWait;
    }

    private static string Shown(byte[] bytes) => Fuzz.Escaped(Encoding.Latin1.GetString(bytes));

    private static async Task<Examples> ExamplesAsync(RegistryClient client)
    {
        var repository = new RepositoryClient(client, "team/app");
        var image = await repository.PrepareImageAsync();
        var receipt = (await repository.PutManifestAsync("v1", image)).Expect(201)["GeoRegistry-Receipt"]!;
        var index = await repository.PushAsync(
            ManifestContent.Index([image], ManifestEdits.Subject(image, "application/spdx+json")), "v2");
        var blob = await repository.PushBlobAsync(Blob.Of("a blob"));
        var session = (await repository.StartUploadAsync()).Location;
        string[] targets =
        [
            "/v2/", "/v2/_catalog?n=5&last=a", repository.Path("tags/list?n=5&last=a"),
            repository.ManifestPath("v1"), repository.ManifestPath(image.Digest), repository.ManifestPath($"{index.Digest}?tag=a&tag=b"),
            repository.BlobPath(blob.Digest), repository.BlobPath(blob.Digest.Replace(":", "%3A", StringComparison.Ordinal)),
            repository.Path($"referrers/{image.Digest}?artifactType=application/spdx+json&n=1&last={index.Digest}"),
            repository.Path("blobs/uploads/"), repository.Path($"blobs/uploads/?digest={blob.Digest}"),
            repository.Path($"blobs/uploads/?mount={blob.Digest}&from=team/app"), session, $"{session}?digest={blob.Digest}",
            "/api/v1/replication", "/api/v1/replication/lag?repository=team/app&n=5&region=eu",
            "/api/v1/replication/pending?n=5", "/api/v1/replication/dead-letters?region=eu",
            $"/api/v1/replication/retry?digest={blob.Digest}",
            "/api/v1/replication/verify", "/api/v1/replication/verify?repair=true&region=eu",
            "/api/v1/regions/eu/resume", "/api/v1/regions/eu/resume?accept-data-loss=true",
            $"/api/v1/receipts/{receipt}?wait=5ms", "/api/v1/receipts/eu-7f3a9c01-1?wait=0s&region=eu",
            $"/api/v1/repositories/team/app/where?reference={image.Digest}", "/healthz/ready", "/healthz/live",
            $"http://127.0.0.1:5000{repository.ManifestPath("v1")}", "/peer/feed?after=0",
        ];
        string[] headers =
        [
            "Range: bytes=0-1", "Range: bytes=-5", "Content-Range: 0-5", "Content-Range: bytes 0-5/6",
            $"If-Match: \"{image.Digest}\"", "If-None-Match: *", $"If-Range: \"{blob.Digest}\"",
            $"Content-Type: {MediaType.Image}", $"Content-Type: {MediaType.Index}", "Content-Type: application/json",
            $"Accept: {MediaType.Image}, */*;q=0.1", "GeoRegistry-Durability: local", "Idempotency-Key: release-1.2",
            "Authorization: GeoRegistry key",
            "Origin: https://ui.example", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: authorization",
            "X-Forwarded-For: 10.0.0.1", "Accept-Encoding: gzip, br",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "GeoRegistry-Region: eu", "Cookie: a=b",
        ];
        return new Examples(targets, headers, [image.Bytes, index.Bytes, blob.Bytes, []]);
    }

    /// <summary>Good requests, in parts.</summary>
    private sealed record Examples(string[] Targets, string[] Headers, byte[][] Bodies);
}
