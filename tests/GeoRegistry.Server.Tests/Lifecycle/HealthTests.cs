using System.Net;
using System.Text.Json;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Lifecycle;

/// <summary>What balancers ask: live says that the process runs, ready that it can serve pulls, or take pushes.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task Ready_UploadsFolderGoneAndBack_IsForPullsAndNotForPushesUntilItIsBack()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        var uploads = new BlobFiles(folder.Path).Uploads;
        await AssertReadyAsync(http, pull: true, push: true);

        Directory.Move(uploads, folder.Child("elsewhere"));
        await AssertReadyAsync(http, pull: true, push: false);
        var stores = await StoresOfAsync(http, "healthz/ready");
        Assert.Equal(("ok", "ok"), (Text(stores, "metadata", "read"), Text(stores, "metadata", "write")));
        Assert.Equal("ok", Text(stores, "blobs", "read"));
        Assert.Contains(uploads, Text(stores, "blobs", "write"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz/live")).StatusCode);

        Directory.Move(folder.Child("elsewhere"), uploads);
        await AssertReadyAsync(http, pull: true, push: true);
    }

    [Fact]
    public async Task Ready_BlobsFolderGone_IsForNothing()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();

        Directory.Move(folder.Child("blobs"), folder.Child("elsewhere"));

        await AssertReadyAsync(http, pull: false, push: false);
        Assert.Contains("blobs", Text(await StoresOfAsync(http, "healthz/ready/pull"), "blobs", "read"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_DiskFull_IsForPullsAndNamesTheStoresThatCannotWriteInTheLogOnce()
    {
        using var disk = new SmallDisk(24);
        await using var server = await RegistryProcess.StartAsync(disk.Path);
        using var http = server.CreateClient();

        disk.Fill();
        await AssertReadyAsync(http, pull: true, push: false);
        await AssertReadyAsync(http, pull: true, push: false);
        Assert.Contains("No space left", Text(await StoresOfAsync(http, "healthz/ready"), "blobs", "write"), StringComparison.Ordinal);
        disk.Free();
        await AssertReadyAsync(http, pull: true, push: true);

        Assert.Equal(0, await server.StopAsync());
        Assert.Single(
            server.Output.Split('\n'), line => line.Contains("The blobs store cannot write: No space left", StringComparison.Ordinal));
        Assert.Single(server.Output.Split('\n'), line => line.Contains("The blobs store can write again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ready_AskedByManyAtOnce_AllAre200()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => http.GetAsync("healthz/ready/push")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Empty(Directory.EnumerateFiles(new BlobFiles(folder.Path).Uploads));
    }

    [Fact]
    public async Task Push_WhileUploadsFolderIsGone_IsA5xxWithTraceIdAndWorksAfter()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        var blob = new SeededBlob(1, 1000);
        var uploads = new BlobFiles(folder.Path).Uploads;
        Directory.Move(uploads, folder.Child("elsewhere"));

        var failed = (await client.PushBlobAsync(blob.Digest, new ByteArrayContent(blob.ToBytes()))).Expect(
            HttpStatusCode.InternalServerError);
        Assert.Equal("UNKNOWN", failed.ErrorCode);
        Assert.Contains(failed.FirstError.GetProperty("detail").GetProperty("traceId").GetString()!, server.Output,
            StringComparison.Ordinal);
        (await client.GetBlobAsync(blob.Digest)).Expect(HttpStatusCode.NotFound);

        Directory.Move(folder.Child("elsewhere"), uploads);
        await client.PushBlobAsync(blob.ToBytes());
        Assert.Equal(blob.ToBytes(), (await client.GetBlobAsync(blob.Digest)).Expect(HttpStatusCode.OK).Body);
    }

    private static async Task AssertReadyAsync(HttpClient http, bool pull, bool push)
    {
        var answers = new List<HttpStatusCode>();
        foreach (var path in new[] { "healthz/ready", "healthz/ready/pull", "healthz/ready/push" })
            answers.Add((await http.GetAsync(path)).StatusCode);
        var forPulls = pull ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable;
        Assert.Equal([forPulls, forPulls, push ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable], answers);
    }

    private static async Task<JsonElement> StoresOfAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(path);
        return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync()).RootElement.GetProperty("stores");
    }

    private static string Text(JsonElement stores, string store, string ability) =>
        stores.GetProperty(store).GetProperty(ability).GetString()!;
}
