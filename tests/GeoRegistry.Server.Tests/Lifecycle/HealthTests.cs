using System.Net;
using System.Text.Json;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Lifecycle;

/// <summary>What balancers ask: live says that the process runs, ready that it can serve.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task Ready_UploadsFolderGoneAndBack_Is503Then200()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        var uploads = new BlobFiles(folder.Path).Uploads;
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz/ready")).StatusCode);

        Directory.Move(uploads, folder.Child("elsewhere"));
        var failing = await http.GetAsync("healthz/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failing.StatusCode);
        var stores = JsonDocument.Parse(await failing.Content.ReadAsByteArrayAsync()).RootElement.GetProperty("stores");
        Assert.Equal("ok", stores.GetProperty("metadata").GetString());
        Assert.Contains(uploads, stores.GetProperty("blobs").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz/live")).StatusCode);

        Directory.Move(folder.Child("elsewhere"), uploads);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz/ready")).StatusCode);
    }

    [Fact]
    public async Task Ready_AskedByManyAtOnce_AllAre200()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => http.GetAsync("healthz/ready")));
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

        var failed = (await client.PushBlobAsync(blob.Digest, new ByteArrayContent(blob.ToBytes()))).Expect(HttpStatusCode.InternalServerError);
        Assert.Equal("UNKNOWN", failed.ErrorCode);
        Assert.Contains(failed.FirstError.GetProperty("detail").GetProperty("traceId").GetString()!, server.Output, StringComparison.Ordinal);
        (await client.GetBlobAsync(blob.Digest)).Expect(HttpStatusCode.NotFound);

        Directory.Move(folder.Child("elsewhere"), uploads);
        await client.PushBlobAsync(blob.ToBytes());
        Assert.Equal(blob.ToBytes(), (await client.GetBlobAsync(blob.Digest)).Expect(HttpStatusCode.OK).Body);
    }
}
