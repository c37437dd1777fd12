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

    private Task<RegistryProcess> StartAsync(params string[] options) => RegistryProcess.StartAsync(
        _folder.Path, ["--GeoRegistry:PostgreSql:ConnectionString", _database.ConnectionString, .. options]);
}
