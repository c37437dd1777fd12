using System.Net;
using System.Net.Sockets;
using System.Text;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>Headers pass between regions as the bytes that they came as, and those of one hop do not pass.</summary>
[Collection(FaultyHome.Collection)]
public sealed class RelayedHeadersTests(FaultyHome shared) : IAsyncLifetime
{
    public Task InitializeAsync() => shared.UntilAskedAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    private const string Tags = $"/v2/{FaultyHome.Repository}/tags/list";

    // As bytes: UTF-8, Latin-1, every byte from 0x80 on.
    public static TheoryData<string> Values => [Encoding.Latin1.GetString("Jörg 王"u8), "J\u00f6rg", Bytes(0x80, 0xbf), Bytes(0xc0, 0xff)];

    [Theory]
    [MemberData(nameof(Values))]
    public async Task RequestHeader_WithAnyBytes_ReachesTheHomeAsItWas(string value)
    {
        shared.Home.Script = exchange => SendTagsAsync(exchange);
        await AnswerOfHomeAsync($"X-Forwarded-User: {value}");
        Assert.Contains($"x-forwarded-user{Literal(value)}", shared.Home.Heads.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task RequestHeader_OfAPush_ReachesTheHomeAsItWas(string value)
    {
        shared.Home.Script = async exchange =>
        {
            await exchange.Body;
            await exchange.SendHeadAsync(201, ends: true, ("content-length", "0"));
        };
        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1 })
        {
            BaseAddress = shared.Replica.Address,
        };
        var client = new RegionClient("us", http);
        var answer = await client.PutManifestAsync(
            FaultyHome.Repository, "3", shared.Image, headers => headers.TryAddWithoutValidation("X-Forwarded-User", value));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Contains($"x-forwarded-user{Literal(value)}", shared.Home.Heads.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task ResponseHeader_WithAnyBytes_ReachesTheClientAsItWas(string value)
    {
        shared.Home.Script = exchange => SendTagsAsync(exchange, ("x-note", value));
        var answer = await AnswerOfHomeAsync();
        Assert.Contains($"x-note: {value}\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\u0001b")]
    [InlineData("a\u007fb")]
    public async Task ResponseHeader_ThatNoServerMaySend_IsLeftOut(string value)
    {
        shared.Home.Script = exchange => SendTagsAsync(exchange, ("x-note", value), ("x-other", "1"));
        var answer = await AnswerOfHomeAsync();
        Assert.Contains("x-other: 1\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("x-note", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_ThatConnectionNames_PassNeitherWay()
    {
        shared.Home.Script = exchange => SendTagsAsync(exchange, ("connection", "x-hop-back"), ("x-hop-back", "1"), ("x-stays", "1"));
        var answer = await AnswerOfHomeAsync("Connection: X-Hop-There, x-hop-too", "X-Hop-Too: 1", "X-Hop-There: 1", "X-Stays-Too: 1");
        Assert.Contains("x-stays-too", shared.Home.Heads.Last(), StringComparison.Ordinal);
        Assert.DoesNotContain("x-hop-there", shared.Home.Heads.Last(), StringComparison.Ordinal);
        Assert.DoesNotContain("x-hop-too", shared.Home.Heads.Last(), StringComparison.Ordinal);
        Assert.Contains("x-stays: 1", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("x-hop-back", answer, StringComparison.Ordinal);
    }

    // The answer of the home to one request on a connection of its own, byte by byte.
    private async Task<string> AnswerOfHomeAsync(params string[] headers)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(shared.Replica.Address.Host, shared.Replica.Address.Port);
        var stream = tcp.GetStream();
        var lines = new[] { $"GET {Tags} HTTP/1.1", "Host: registry" }.Concat(headers);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(string.Concat(lines.Select(line => $"{line}\r\n")) + "\r\n"));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (!answer.ToString().EndsWith("[]}", StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer).AsTask().OrFail("the answer of the home");
            Assert.True(count > 0, $"The answer ended: {answer}");
            answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        Assert.StartsWith("HTTP/1.1 200 ", answer.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("stale", answer.ToString(), StringComparison.Ordinal);
        return answer.ToString();
    }

    private static async Task SendTagsAsync(Http2Exchange exchange, params (string Name, string Value)[] headers)
    {
        var body = Encoding.ASCII.GetBytes($$"""{"name":"{{FaultyHome.Repository}}","tags":[]}""");
        await exchange.SendHeadAsync(
            200, headers: [("content-type", "application/json"), ("content-length", $"{body.Length}"), .. headers]);
        await exchange.SendBodyAsync(body, ends: true);
    }

    private static string Bytes(int first, int last) => string.Concat(Enumerable.Range(first, last - first + 1).Select(c => (char)c));

    // As HPACK writes it: the length and the bytes.
    private static string Literal(string value) => $"{(char)value.Length}{value}";
}
