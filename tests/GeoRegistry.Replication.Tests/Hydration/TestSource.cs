using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>Another region, as far as blobs go: HTTP/2 on loopback.</summary>
internal sealed class TestSource : IAsyncDisposable
{
    private const string BlobPath = "/peer/blobs/";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, SampleBlob> _blobs = new();
    private int _inside;

    private TestSource()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public string Address => _app.Urls.Single();

    /// <summary>The blobs that were asked for, each with its <c>Range</c>, in the order of the requests.</summary>
    public ConcurrentQueue<(string Digest, string Range)> Requests { get; } = new();

    /// <summary>The blobs of requests that were aborted.</summary>
    public ConcurrentQueue<string> Aborted { get; } = new();

    /// <summary>The most requests that were inside at once.</summary>
    public int MostInside { get; private set; }

    /// <summary>What answers requests for anything but blobs: nothing, at first.</summary>
    public RequestDelegate Other { get; set; } = http =>
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };

    /// <summary>What is done in place of sending the rest of a blob; given its bytes from the offset on.</summary>
    public Func<HttpContext, ReadOnlyMemory<byte>, Task> Send { get; set; } = SendAsync;

    public static async Task<TestSource> StartAsync(params IEnumerable<SampleBlob> blobs)
    {
        var source = new TestSource();
        source.Add(blobs);
        await source._app.StartAsync();
        return source;
    }

    public void Add(params IEnumerable<SampleBlob> blobs)
    {
        foreach (var blob in blobs) _blobs[blob.Digest.ToString()] = blob;
    }

    public static Task SendAsync(HttpContext http, ReadOnlyMemory<byte> rest) => http.Response.Body.WriteAsync(rest).AsTask();

    /// <summary>Sends as many bytes as are asked for, all wrong.</summary>
    public static Task SendDamagedAsync(HttpContext http, ReadOnlyMemory<byte> rest) => SendAsync(http, new byte[rest.Length]);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private Task HandleAsync(HttpContext http) =>
        http.Request.Path.Value!.StartsWith(BlobPath, StringComparison.Ordinal) ? SendBlobAsync(http) : Other(http);

    private async Task SendBlobAsync(HttpContext http)
    {
        var digest = http.Request.Path.Value![BlobPath.Length..];
        var range = http.Request.Headers.Range.ToString();
        Requests.Enqueue((digest, range));
        lock (this) MostInside = Math.Max(MostInside, ++_inside);
        try
        {
            if (!_blobs.TryGetValue(digest, out var blob))
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            var from = range.Length > 0 ? int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture) : 0;
            http.Response.StatusCode = from > 0 ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK;
            http.Response.ContentLength = blob.Content.Length - from;
            await Send(http, blob.Content.AsMemory(from));
        }
        finally
        {
            lock (this) _inside--;
            if (http.RequestAborted.IsCancellationRequested) Aborted.Enqueue(digest);
        }
    }
}
