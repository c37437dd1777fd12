using System.Net;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Limits;

public sealed class OpenUploadsTests
{
    [Fact]
    public async Task BeginUpload_Many_KeepsNoFileOpen()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        for (var i = 0; i < 100; i++)
        {
            var location = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
            (await client.PatchAsync(location, new ByteArrayContent([1, 2, 3]), 0)).Expect(HttpStatusCode.Accepted);
        }

        var open = new DirectoryInfo($"/proc/{server.Id}/fd").GetFiles().Select(file => file.LinkTarget ?? "");

        Assert.DoesNotContain(open, target => target.Contains("/uploads/", StringComparison.Ordinal));
        Assert.Equal(100, Directory.GetFiles(Path.Combine(folder.Path, "blobs", "uploads")).Length);
    }

    [Fact]
    public async Task BeginUpload_AsManyAreOpenAsMayBe_Is429WithRetryAfterAndCompletingOneMakesRoom()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, "--GeoRegistry:Repositories:MaxOpenUploads", "2");
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        var blob = new SeededBlob(1, 1000);
        var location = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
        (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted);

        var refused = await http.PostAsync("/v2/team/app/blobs/uploads/", null);
        Assert.Equal((HttpStatusCode.TooManyRequests, true), (refused.StatusCode, refused.Headers.RetryAfter is not null));
        Assert.Equal("TOOMANYREQUESTS", (await Answer.ReadAsync(refused)).ErrorCode);

        (await client.CompleteAsync(location, blob.Digest, new ByteArrayContent(blob.ToBytes()))).Expect(HttpStatusCode.Created);
        (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Patch_WhoseBodyStopsComing_Is408AfterTheIdleTimeoutAndCanBeResumed()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, "--GeoRegistry:Repositories:UploadIdleTimeout", "00:00:01");
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        var blob = new SeededBlob(1, 2000);
        var location = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
        var never = new TaskCompletionSource();
        using var body = new SteppedContent(blob.ToBytes(), stepBytes: 1000, sent => sent == 0 ? Task.CompletedTask : never.Task);

        (await client.PatchAsync(location, body, 0).OrFail("the answer to the body that stopped")).Expect(HttpStatusCode.RequestTimeout);

        Assert.Equal("0-999", (await client.UploadStatusAsync(location)).Expect(HttpStatusCode.NoContent).Range);
        (await client.PatchAsync(location, new ByteArrayContent(blob.ToBytes()[1000..]), 1000)).Expect(HttpStatusCode.Accepted);
        (await client.CompleteAsync(location, blob.Digest)).Expect(HttpStatusCode.Created);
    }
}
