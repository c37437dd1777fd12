using System.Collections.Concurrent;
using System.IO.Pipelines;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>How an exchange between two regions fails.</summary>
public enum PeerFault
{
    /// <summary>The connection ends before anything of the request was taken.</summary>
    NothingTaken,

    /// <summary>It ends in the middle of the request's body.</summary>
    HalfTaken,

    /// <summary>What was asked is done, and nothing of the answer comes.</summary>
    NoAnswer,

    /// <summary>The answer ends after its head.</summary>
    HeadOnly,

    /// <summary>It ends in the middle of its body.</summary>
    HalfAnswer,

    /// <summary>All bytes of it come, and then the stream is reset.</summary>
    AnswerWithoutEnd,
}

/// <summary>
/// Is in front of the peer API of a region: counts what other regions ask for in the course of a request of a client, and lets one
/// of these exchanges fail.
/// </summary>
/// <param name="calls">Counts, and says which fails.</param>
internal sealed class PeerFaults(StoreFaults calls)
{
    private const string Announcement = "/peer/links";

    private static readonly IReadOnlyList<(string Method, string Path)> Kinds =
    [
        ("POST", "/peer/links/find"), ("POST", Announcement), ("GET", "/peer/blobs"), ("GET", "/peer/receipts"),
        ("PATCH", "/blobs/uploads"), ("PUT", "/blobs/uploads"), ("PUT", "/manifests"), ("DELETE", "/manifests"), ("GET", "/tags/list"),
    ];

    private readonly ConcurrentDictionary<string, bool> _announced = new();

    /// <summary>How it fails.</summary>
    public PeerFault How { get; set; }

    public async Task HandleAsync(HttpContext http, RequestDelegate handle)
    {
        if (CallOf(http.Request) is not { } call || calls.NextOf(call) is null)
        {
            await handle(http);
            return;
        }

        if (How == PeerFault.HalfTaken) http.Request.Body = await HalfAsync(http.Request);
        if (How != PeerFault.NothingTaken) await AnswerPartlyAsync(http, handle);
        http.Abort();
    }

    /// <summary>Every way in which it fails, and whether the region that asked restarts then.</summary>
    public static TheoryData<PeerFault, bool> Ways
    {
        get
        {
            var ways = new TheoryData<PeerFault, bool> { { PeerFault.NoAnswer, true } };
            foreach (var how in Enum.GetValues<PeerFault>()) ways.Add(how, false);
            return ways;
        }
    }

    /// <summary>
    /// The kind of a request; null for those that go on all the time and are not counted. An announcement that is made once more
    /// in the background is none either.
    /// </summary>
    private string? CallOf(HttpRequest request)
    {
        var path = request.Path.Value!;
        var found = Kinds.FirstOrDefault(kind => kind.Method == request.Method && path.Contains(kind.Path, StringComparison.Ordinal));
        if (found.Path is null || (found.Path == Announcement && !_announced.TryAdd(request.QueryString.Value!, true))) return null;
        return $"{found.Method} {found.Path}";
    }

    private async Task AnswerPartlyAsync(HttpContext http, RequestDelegate handle)
    {
        var response = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var body = new MemoryStream();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        await handle(http);
        await http.Response.BodyWriter.FlushAsync();
        http.Features.Set(response);
        if (How is PeerFault.HalfTaken or PeerFault.NoAnswer) return;
        await http.Response.StartAsync();
        var length = How switch
        {
            PeerFault.HeadOnly => 0,
            PeerFault.HalfAnswer => body.Length / 2,
            _ => body.Length,
        };
        await http.Response.Body.WriteAsync(body.ToArray().AsMemory(0, (int)length));
        await http.Response.Body.FlushAsync();
    }

    // The first half of the body, and then the failure of its sender.
    private static async Task<Stream> HalfAsync(HttpRequest request)
    {
        var half = new byte[(request.ContentLength ?? 0) / 2];
        await request.Body.ReadExactlyAsync(half);
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(half);
        await pipe.Writer.CompleteAsync(new IOException("The sender went away on purpose."));
        return pipe.Reader.AsStream();
    }
}
