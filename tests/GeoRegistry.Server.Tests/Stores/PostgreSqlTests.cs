using System.Diagnostics;
using System.Net;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.Server.Tests.Configuration;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Stores;

/// <summary>A server whose metadata is in PostgreSQL.</summary>
public sealed class PostgreSqlTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private PostgreSqlServer _database = null!;

    public async Task InitializeAsync() => _database = await PostgreSqlServer.StartAsync(inMemory: true);

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Start_ConnectionStringWithFaults_ListsThemAllAtOnce()
    {
        var run = await ServerCommand.RunAsync(
            "--GeoRegistry:PostgreSql:ConnectionString", "Host=;Port=many", "--GeoRegistry:PostgreSql:Schema", "no-schema",
            "--GeoRegistry:PostgreSql:MaxConnections", "0");

        Assert.Equal(2, run.ExitCode);
        foreach (var option in (string[])["ConnectionString", "Schema", "MaxConnections"])
            Assert.Contains($"GeoRegistry:PostgreSql:{option}: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_DatabaseAway_AnswersWhatItHasInMemoryAndTheRestWhenItIsBack()
    {
        await using var server = await StartAsync();
        using var http = server.CreateClient();
        var repository = new RepositoryClient(http, "library/sample");
        var layer = new SeededBlob(1, 100_000);
        await repository.PushBlobAsync(layer.ToBytes());
        var manifest = ImageManifest.Of("first", (layer.Digest, layer.SizeBytes));
        Assert.Equal(HttpStatusCode.Created, (await repository.PutManifestAsync("v1", manifest)).Status);
        Assert.Equal(HttpStatusCode.OK, (await repository.GetManifestAsync("v1")).Status);
        Assert.Contains("and its metadata in PostgreSQL at 127.0.0.1:", server.Output, StringComparison.Ordinal);

        await _database.StopAsync();

        Assert.Equal(HttpStatusCode.OK, (await repository.GetManifestAsync("v1")).Status);
        Assert.Equal(HttpStatusCode.OK, (await repository.GetManifestAsync($"{Digest.Of(manifest)}")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("healthz/ready/push")).StatusCode);
        var push = repository.PutManifestAsync("v2", manifest);

        await _database.StartAsync();

        Assert.Equal(HttpStatusCode.Created, (await push.OrFail("the push that waited for the database")).Status);
        Assert.Equal(HttpStatusCode.OK, (await repository.GetManifestAsync("v2")).Status);
        Assert.Equal(0, await server.StopAsync());
    }

    /// <summary>Frozen, it answers nothing and refuses nothing: what needs it may wait up to a limit, and all else goes on.</summary>
    [Fact]
    public async Task Server_DatabaseIsFrozen_AnswersWhatItHasAsFastAndRefusesAtOnceWhatIsTooMuch()
    {
        const int Waiting = 16, Requests = 60;
        await using var server = await StartAsync(
            "--GeoRegistry:PostgreSql:RetryTimeout", "00:00:01", "--GeoRegistry:PostgreSql:MaxWaiting", $"{Waiting}");
        using var http = server.CreateClient();
        var repository = new RepositoryClient(http, "library/sample");
        var layer = new SeededBlob(1, 100_000);
        await repository.PushBlobAsync(layer.ToBytes());
        Assert.Equal(
            HttpStatusCode.Created,
            (await repository.PutManifestAsync("v1", ImageManifest.Of("first", (layer.Digest, layer.SizeBytes)))).Status);
        await PullAsync();
        var usual = await PullAsync();

        await SignalDatabaseAsync("-STOP");
        var began = Stopwatch.StartNew();
        var asked = Enumerable.Range(0, Requests).Select(i => http.GetAsync($"v2/library/sample/manifests/none-{i}")).ToList();
        await TestKit.Waiting.UntilAsync(
            "those that may not wait are refused", () => Task.FromResult(asked.Count(one => one.IsCompleted) >= Requests - Waiting));
        var (refusedAfter, refused) = (began.Elapsed, asked.Where(one => one.IsCompleted).ToList());
        var frozen = await PullAsync();
        Assert.Contains(asked, one => !one.IsCompleted); // The pulls were while others waited.
        await SignalDatabaseAsync("-CONT");

        foreach (var one in refused)
        {
            using var answer = await one;
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "1"), (answer.StatusCode, $"{answer.Headers.RetryAfter}"));
        }

        await Task.WhenAll(asked).OrFail("those that waited");
        await TestKit.Waiting.UntilAsync("the database is asked again", async () =>
            (await repository.GetManifestAsync("none")).Status == HttpStatusCode.NotFound, TimeSpan.FromSeconds(5));
        Assert.InRange(refusedAfter.TotalSeconds, 0, 3);
        Assert.InRange(frozen / usual, 0, 5);

        async Task<TimeSpan> PullAsync()
        {
            var watch = Stopwatch.StartNew();
            for (var pull = 0; pull < 200; pull++)
            {
                Assert.Equal(HttpStatusCode.OK, (await repository.GetManifestAsync("v1")).Status);
                using var blob = await http.GetAsync($"v2/library/sample/blobs/{layer.Digest}");
                Assert.Equal(HttpStatusCode.OK, blob.StatusCode);
            }

            return watch.Elapsed;
        }
    }

    [Fact]
    public async Task Server_DatabaseStaysAway_Answers503InWords()
    {
        await using var server = await StartAsync("--GeoRegistry:PostgreSql:RetryTimeout", "00:00:01");
        using var http = server.CreateClient();
        await _database.StopAsync();

        var answer = await new RepositoryClient(http, "library/sample").GetManifestAsync("v1");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "UNAVAILABLE"), (answer.Status, answer.ErrorCode));
        Assert.Contains("The metadata database does not answer", server.Output, StringComparison.Ordinal);
    }

    private async Task SignalDatabaseAsync(string signal)
    {
        using var kill = Process.Start("sh", ["-c", $"kill {signal} {_database.Id} $(pgrep -P {_database.Id})"]);
        await kill.WaitForExitAsync();
    }

    private Task<RegistryProcess> StartAsync(params string[] options) => RegistryProcess.StartAsync(
        _folder.Path, ["--GeoRegistry:PostgreSql:ConnectionString", _database.ConnectionString, .. options]);
}
