using System.Net;
using System.Net.Sockets;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Lifecycle;

/// <summary>SIGTERM: requests under way are carried through, for as long as DrainTimeout.</summary>
public sealed class GracefulStopTests : IDisposable
{
    /// <summary>More than the sockets of both ends can hold, so that the server is still sending while nobody reads.</summary>
    private const int LargeBytes = 48 * 1024 * 1024;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Stop_WhileSlowGetAndPutAreUnderWay_BothCompleteAndExitIsZero()
    {
        await using var server = await RegistryProcess.StartAsync(_folder.Path);
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        var large = new SeededBlob(1, LargeBytes).ToBytes();
        var digest = await client.PushBlobAsync(large);
        using var download = await http.GetAsync(client.BlobPath(digest), HttpCompletionOption.ResponseHeadersRead);
        var upload = await SlowUpload.StartAsync(client, _folder.Path);

        var exit = server.StopAsync();
        await Waiting.UntilAsync("new connections are refused", () => IsRefusedAsync(server.Address));
        Assert.False(exit.IsCompleted, "The server ended while requests were under way.");
        upload.Continue();

        (await upload.Answer).Expect(HttpStatusCode.Created);
        Assert.Equal(digest, Digest.Of(await download.Content.ReadAsByteArrayAsync()));
        Assert.Equal(0, await exit);
        AssertEndedQuietly(server);
        await AssertServedAfterRestartAsync(upload.Blob);
    }

    [Fact]
    public async Task Stop_WhenAnUploadExceedsDrainTimeout_ItIsCutAndExitIsZero()
    {
        await using var server = await RegistryProcess.StartAsync(_folder.Path, "--GeoRegistry:DrainTimeout", "00:00:01");
        using var http = server.CreateClient();
        var upload = await SlowUpload.StartAsync(new RepositoryClient(http, "team/app"), _folder.Path);
        Assert.Equal(0, await server.StopAsync());
        upload.Continue();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => upload.Answer);
        AssertEndedQuietly(server);
    }

    [Fact]
    public async Task Stop_WhenADownloadExceedsDrainTimeout_ItIsCutAndExitIsZero()
    {
        await using var server = await RegistryProcess.StartAsync(_folder.Path, "--GeoRegistry:DrainTimeout", "00:00:01");
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        var digest = await client.PushBlobAsync(new SeededBlob(1, LargeBytes).ToBytes());
        using var download = await http.GetAsync(client.BlobPath(digest), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(0, await server.StopAsync());
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => download.Content.ReadAsByteArrayAsync());
        AssertEndedQuietly(server);
    }

    [Fact]
    public async Task Stop_WithOnlyIdleConnections_EndsBeforeTheDrainTimeout()
    {
        await using var server = await RegistryProcess.StartAsync(_folder.Path, "--GeoRegistry:DrainTimeout", "00:10:00");
        using var http = server.CreateClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("v2/")).StatusCode);
        Assert.Equal(0, await server.StopAsync());
        AssertEndedQuietly(server);
    }

    public void Dispose() => _folder.Dispose();

    private async Task AssertServedAfterRestartAsync(SeededBlob blob)
    {
        await using var server = await RegistryProcess.StartAsync(_folder.Path);
        using var http = server.CreateClient();
        Assert.Equal(
            blob.ToBytes(),
            (await new RepositoryClient(http, "team/app").GetBlobAsync(blob.Digest)).Expect(HttpStatusCode.OK).Body);
    }

    private static void AssertEndedQuietly(RegistryProcess server)
    {
        Assert.DoesNotContain("Unhandled exception", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", server.Output, StringComparison.Ordinal);
    }

    private static async Task<bool> IsRefusedAsync(Uri address)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(address.Host, address.Port);
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return true;
        }
    }

    /// <summary>A PUT of which the server has half, and whose other half is sent when the test says so.</summary>
    private sealed class SlowUpload
    {
        private const int SizeBytes = 2 * 1024 * 1024;

        private readonly TaskCompletionSource _continue = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SeededBlob Blob { get; } = new(2, SizeBytes);

        public Task<Answer> Answer { get; private set; } = null!;

        public static async Task<SlowUpload> StartAsync(RepositoryClient client, string dataFolder)
        {
            var upload = new SlowUpload();
            var location = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
            var content = new SteppedContent(
                upload.Blob.ToBytes(), SizeBytes / 2, sent => sent == 0 ? Task.CompletedTask : upload._continue.Task);
            upload.Answer = client.CompleteAsync(location, upload.Blob.Digest, content);
            var uploads = new DirectoryInfo(new BlobFiles(dataFolder).Uploads);
            await Waiting.UntilAsync(
                "the first half of the upload is in its file",
                () => Task.FromResult(uploads.EnumerateFiles().Any(file => file.Length > 0)));
            return upload;
        }

        public void Continue() => _continue.SetResult();
    }
}
