using System.Net.Sockets;
using GeoRegistry.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GeoRegistry.Server.Tests.Limits;

public sealed class ConnectionLimitTests
{
    [Theory]
    [InlineData(10_000, null, 10_000)]
    [InlineData(10_000, 1_048_576L, 10_000)]
    [InlineData(10_000, 1024L, 384)]
    [InlineData(100, 1024L, 100)]
    [InlineData(10_000, 256L, 16)]
    public void Of_ConfiguredAndFilesAllowed_IsTheSmaller(int configured, long? files, int expected) =>
        Assert.Equal(expected, ConnectionLimit.Of(configured, files));

    [Fact]
    public async Task Connect_AsManyAreOpenAsMayBe_IsClosedAtOnce()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, "--GeoRegistry:MaxConnections", "2");
        using var first = await ConnectAsync(server);
        using var second = await ConnectAsync(server);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(first), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(second), StringComparison.Ordinal);

        using var third = await ConnectAsync(server);

        Assert.Equal("", await AskAsync(third));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(first), StringComparison.Ordinal);
    }

    /// <summary>A source may begin a minute late, or pause as long.</summary>
    [Fact]
    public async Task ConfigureServer_BodyLimits_LetASourcePauseForMinutes()
    {
        var builder = WebApplication.CreateSlimBuilder();
        RegionServer.ConfigureServer(builder.WebHost, maxConnections: 5);
        await using var app = builder.Build();

        var limits = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        Assert.Equal(
            (240, TimeSpan.FromMinutes(5)), (limits.MinRequestBodyDataRate!.BytesPerSecond, limits.MinRequestBodyDataRate.GracePeriod));
        Assert.Equal(5, limits.MaxConcurrentConnections);
    }

    private static async Task<TcpClient> ConnectAsync(RegistryProcess server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port);
        return client;
    }

    /// <summary>Asks for the API's version; what comes, or nothing where the connection is closed.</summary>
    private static async Task<string> AskAsync(TcpClient client)
    {
        try
        {
            await client.GetStream().WriteAsync("GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            var answer = new byte[4096];
            var read = await client.GetStream().ReadAsync(answer).AsTask().OrFail("the answer or the connection's end");
            return System.Text.Encoding.ASCII.GetString(answer, 0, read);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
