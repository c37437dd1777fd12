using System.Net;
using System.Net.Sockets;
using System.Text;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>What a replica answers when the home fails at each step of an exchange.</summary>
[Collection(FaultyHome.Collection)]
public sealed class FaultyHomeTests(FaultyHome shared) : IAsyncLifetime
{
    private const string Tags = $"/v2/{FaultyHome.Repository}/tags/list";

    private const string UnknownDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    private const string UnknownBlob = $"/v2/{FaultyHome.Repository}/blobs/{UnknownDigest}";

    private static readonly Dictionary<string, Func<Http2Exchange, Task>> Faults = new()
    {
        ["closes before the head"] = Closing(_ => Task.CompletedTask),
        ["resets before the head"] = exchange => exchange.ResetAsync(),
        ["stalls before the head"] = _ => Task.CompletedTask,
        ["says that it goes away"] = Closing(exchange => exchange.GoAwayAsync()),
        ["sends no HTTP/2"] = exchange => exchange.SendGarbageAsync(),
        ["garbles the head"] = exchange => exchange.SendGarbledHeadAsync(),
        ["closes in the head"] = Closing(exchange => exchange.SendHalfAHeadAsync()),
        ["stalls in the head"] = exchange => exchange.SendHalfAHeadAsync(),
        ["closes after the head"] = Closing(exchange => SendHeadAsync(exchange)),
        ["resets after the head"] = async exchange =>
        {
            await SendHeadAsync(exchange);
            await exchange.ResetAsync();
        },
        ["stalls after the head"] = exchange => SendHeadAsync(exchange),
        ["closes in the body"] = Closing(exchange => SendPartAsync(exchange)),
        ["resets in the body"] = async exchange =>
        {
            await SendPartAsync(exchange);
            await exchange.ResetAsync();
        },
        ["stalls in the body"] = exchange => SendPartAsync(exchange),
        ["ends the body too early"] = exchange => SendPartAsync(exchange, ends: true),
        ["closes in a body of unknown length"] = Closing(async exchange =>
        {
            await exchange.SendHeadAsync(200, headers: ("content-type", "application/json"));
            await exchange.SendBodyAsync("{\"name\":"u8.ToArray());
        }),
    };

    public Task InitializeAsync() => shared.UntilAskedAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public static TheoryData<string> AllFaults => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(AllFaults))]
    public async Task Read_WhenTheHomeFails_IsAnsweredHereWithAWarning(string fault)
    {
        shared.Home.Script = Faults[fault];
        var tags = (await shared.Replica.Client.SendAsync(HttpMethod.Get, Tags)).Expect(HttpStatusCode.OK);
        Assert.Equal((true, $$"""{"name":"{{FaultyHome.Repository}}","tags":["1"]}"""), (tags.MayBeStale, tags.Text));

        var manifest = (await shared.Replica.Client.GetManifestAsync(FaultyHome.Repository, "1")).Expect(HttpStatusCode.OK);
        Assert.True(manifest.MayBeStale);
        Assert.Equal(shared.Image.Manifest, manifest.Body);
    }

    [Theory]
    [MemberData(nameof(AllFaults))]
    public async Task Push_WhenTheHomeFails_SaysThatTheOutcomeIsNotKnown(string fault)
    {
        shared.Home.Script = async exchange =>
        {
            await exchange.Body;
            await Faults[fault](exchange);
        };
        var answer = await shared.Replica.Client.PutManifestAsync(FaultyHome.Repository, "2", shared.Image).OrFail("the answer to a push");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Contains("UNAVAILABLE", answer.Text, StringComparison.Ordinal);
        Assert.Contains("it is not known whether this was done; repeating it is safe", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chunk_ThatTheUploadsRegionDoesNotTake_EndsWithWords()
    {
        // The window of the stream is never opened again, so the body stalls after 64 KiB.
        shared.Home.Script = exchange => exchange.Body;
        var answer = await shared.Replica.Client
            .PatchAsync(shared.UploadAtHome, new byte[4 * 1024 * 1024], 0)
            .OrFail("the answer to a chunk");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Contains($"did not answer us within {FaultyHome.WriteTimeout.TotalSeconds} s", answer.Text, StringComparison.Ordinal);
        Assert.Contains("ask for the upload's offset and go on from there", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>
    /// The HTTP client sends again by itself what a region says that it did not take up; a body that was read is not there again.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Chunk_ThatTheUploadsRegionDidNotTakeUp_IsNotSentAgainWithoutItsBytes(bool isWhole)
    {
        var (requests, more) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var mark = $"{Guid.NewGuid()}";
        shared.Home.Script = async exchange =>
        {
            if (!exchange.Head.Contains(mark, StringComparison.Ordinal)) return; // What another test left.
            if (Interlocked.Increment(ref requests) > 1)
            {
                await exchange.Body;
                await exchange.SendHeadAsync(202, ends: true, ("content-length", "0"));
                return;
            }

            if (isWhole) await exchange.Body;
            await exchange.GoAwayAsync();
            exchange.Close();
            more.SetResult();
        };
        var content = ChunkWaitingInTheMiddle(isWhole ? Task.CompletedTask : more.Task);
        var answer = await shared.Replica.Client
            .SendAsync(HttpMethod.Patch, shared.UploadAtHome, content, headers => headers.Add("X-Mark", mark))
            .OrFail("the answer to a chunk");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Contains("ask for the upload's offset and go on from there", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>A source may be slow: only what the region does not take counts for the timeout of a relayed write.</summary>
    [Fact]
    public async Task Chunk_WhoseClientPausesForLongerThanAWriteMay_IsRelayedWhole()
    {
        shared.Home.Script = async exchange =>
        {
            await exchange.Body;
            await exchange.SendHeadAsync(202, ends: true, ("content-length", "0"));
        };
        var pause = Task.Delay(FaultyHome.WriteTimeout * 1.5, TimeProvider.System);
        var content = ChunkWaitingInTheMiddle(pause);
        var answer = await shared.Replica.Client.SendAsync(HttpMethod.Patch, shared.UploadAtHome, content).OrFail("the answer to a chunk");
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
    }

    /// <summary>What is wrong with the client's own body is said of it, and not of the region that it was relayed to.</summary>
    [Fact]
    public async Task Chunk_ThatIsMalformed_IsTheClientsFault()
    {
        shared.Home.Script = exchange => exchange.Body;
        using var client = new TcpClient();
        await client.ConnectAsync(shared.Replica.Address.Host, shared.Replica.Address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"PATCH {shared.UploadAtHome} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno length\r\n"));

        using var answer = new StreamReader(client.GetStream(), Encoding.ASCII);
        Assert.StartsWith("HTTP/1.1 400", await answer.ReadLineAsync().OrFail("the answer to a chunk"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resets")]
    [InlineData("stalls")]
    [InlineData("ends")]
    public async Task LargeRead_ThatBreaksOffInTheMiddle_EndsTheConnection(string fault)
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shared.Home.Script = async exchange =>
        {
            await exchange.SendHeadAsync(200, headers: [("content-type", "application/json"), ("content-length", "2000000")]);
            await exchange.SendBodyAsync(new byte[10_000]);
            await received.Task;
            if (fault == "resets") await exchange.ResetAsync();
            if (fault == "ends") await exchange.SendBodyAsync([], ends: true);
        };
        using var response = await shared.Replica.Http
            .GetAsync(Tags, HttpCompletionOption.ResponseHeadersRead)
            .OrFail("the answer's head");
        Assert.Equal((HttpStatusCode.OK, 2_000_000), (response.StatusCode, response.Content.Headers.ContentLength));
        var body = await response.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[10_000]).AsTask().OrFail("what the home sent");
        received.SetResult();
        await Assert.ThrowsAnyAsync<IOException>(() => body.ReadAsync(new byte[1]).AsTask().OrFail("the end of the answer"));
    }

    [Fact]
    public async Task LargeRead_ThatBreaksOffBeforeItsBody_IsAnsweredHereWithAWarning()
    {
        shared.Home.Script = async exchange =>
        {
            await exchange.SendHeadAsync(
                200, headers: [("content-type", "application/json"), ("content-length", "2000000"), ("x-of-the-home", "1")]);
            await exchange.ResetAsync();
        };
        var tags = (await shared.Replica.Client.SendAsync(HttpMethod.Get, Tags)).Expect(HttpStatusCode.OK);
        Assert.True(tags.MayBeStale);
        Assert.DoesNotContain("x-of-the-home", tags.Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>An error says nothing of the blob: a home that lost data answers 503 because the blob may exist.</summary>
    [Theory]
    [InlineData("HEAD", 500)]
    [InlineData("HEAD", 503)]
    [InlineData("GET", 503)]
    public async Task Read_OfABlobThatIsNotKnownHereWhenTheHomeAnswersWithAnError_IsNotSaidToBeUnknown(string method, int status)
    {
        shared.Home.Script = exchange => exchange.SendHeadAsync(status, ends: true, ("content-length", "0"));
        var answer = await shared.Replica.Client.SendAsync(new HttpMethod(method), UnknownBlob);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
    }

    /// <summary>What cannot be mounted is uploaded, which needs no home.</summary>
    [Theory]
    [InlineData("closes before the head")]
    [InlineData("stalls before the head")]
    public async Task Mount_WhenTheHomeFails_BeginsAnUpload(string fault)
    {
        shared.Home.Script = Faults[fault];
        var answer = await shared.Replica.Client.SendAsync(
            HttpMethod.Post, $"/v2/{FaultyHome.Repository}/blobs/uploads/?mount={UnknownDigest}&from=team/other").OrFail("an upload");
        answer.Expect(HttpStatusCode.Accepted);
    }

    /// <summary>A body of unknown length whose sender waits for something in the middle.</summary>
    private static SteppedContent ChunkWaitingInTheMiddle(Task step)
    {
        var bytes = "the beginning and the rest"u8.ToArray();
        return new SteppedContent(bytes, bytes.Length / 2, sent => sent == 0 ? Task.CompletedTask : step, saysLength: false);
    }

    private static Func<Http2Exchange, Task> Closing(Func<Http2Exchange, Task> before) => async exchange =>
    {
        await before(exchange);
        exchange.Close();
    };

    private static Task SendHeadAsync(Http2Exchange exchange) =>
        exchange.SendHeadAsync(200, headers: [("content-type", "application/json"), ("content-length", "1000")]);

    private static async Task SendPartAsync(Http2Exchange exchange, bool ends = false)
    {
        await SendHeadAsync(exchange);
        await exchange.SendBodyAsync(Encoding.ASCII.GetBytes("{\"name\":"), ends);
    }
}
