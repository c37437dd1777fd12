using System.Net;
using System.Net.Sockets;
using System.Text;
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
            if (i % 2 == 0) (await client.PatchAsync(location, new ByteArrayContent([1, 2, 3]), 0)).Expect(HttpStatusCode.Accepted);
        }

        var open = new DirectoryInfo($"/proc/{server.Id}/fd").GetFiles().Select(file => file.LinkTarget ?? "");

        var uploads = Path.Combine(folder.Path, "blobs", "uploads");
        Assert.DoesNotContain(open, target => target.StartsWith(uploads, StringComparison.Ordinal));
        Assert.Equal(100, Directory.GetFiles(uploads).Length);
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
        using var silent = new TcpClient();
        await silent.ConnectAsync(server.Address.Host, server.Address.Port);
        await silent.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n"));
        await silent.GetStream().WriteAsync(blob.ToBytes().AsMemory(0, 1000));

        using var answer = new StreamReader(silent.GetStream(), Encoding.ASCII);
        Assert.StartsWith("HTTP/1.1 408", await answer.ReadLineAsync().OrFail("the answer to the body that stopped"),
            StringComparison.Ordinal);

        Assert.Equal("0-999", (await client.UploadStatusAsync(location)).Expect(HttpStatusCode.NoContent).Range);
        (await client.PatchAsync(location, new ByteArrayContent(blob.ToBytes()[1000..]), 1000)).Expect(HttpStatusCode.Accepted);
        (await client.CompleteAsync(location, blob.Digest)).Expect(HttpStatusCode.Created);
    }
}
