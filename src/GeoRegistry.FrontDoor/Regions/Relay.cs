using System.Buffers;
using System.Runtime.ExceptionServices;
using GeoRegistry.Ledgers;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>Relays clients' requests to other regions as they came, and the answers back.</summary>
/// <param name="peers">The other regions.</param>
/// <param name="options">How long a write may make no progress.</param>
internal sealed class Relay(PeerClient peers, PeerOptions options)
{
    /// <summary>How long a region may take to answer what is read, and then to each next part of the answer.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>What is larger goes beside the connection for what is small and urgent.</summary>
    private const long BulkBytes = 1024 * 1024;

    /// <summary>
    /// An answer up to this size is here whole before its client gets any of it, so that one that breaks off can be replaced by
    /// what is known here. Nearly all manifests and lists are smaller; what is larger could not arrive in time over a slow link,
    /// and would take much memory.
    /// </summary>
    private const int BufferedAnswerBytes = 1024 * 1024;

    private const int CopyBytes = 64 * 1024;

    /// <summary>Sends a client's request to a region.</summary>
    /// <exception cref="OtherRegionsUnreachableException">The region did not answer, or its answer broke off. Whether it did what was
    /// asked is not known.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpContext http, RegionId region)
    {
        var request = http.Request;
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var relayed = new PeerRequest(new HttpMethod(request.Method), OriginFormOf(target))
        {
            Headers = RelayedHeaders.Of(request.Headers),
            BufferedAnswerBytes = BufferedAnswerBytes,
        };
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return await peers.SendAsync(region, relayed, ReadTimeout, http.RequestAborted).ConfigureAwait(false);

        await peers.AwaitReturnAsync(region, http.RequestAborted).ConfigureAwait(false);
        using var timeout = peers.StartTimeout(options.WriteTimeout);
        var body = new RelayedBody(request, timeout);
        try
        {
            var isBulk = request.ContentLength is null or > BulkBytes;
            return await peers.SendAsync(
                region, relayed with { Content = body, IsBulk = isBulk }, timeout, http.RequestAborted).ConfigureAwait(false);
        }
        catch (RelayedBodyException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
        finally
        {
            await body.StopAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Gives a region's answer to the client.</summary>
    /// <exception cref="OtherRegionsUnreachableException">The answer broke off. As long as the response has not started, the client may
    /// still be answered otherwise.</exception>
    public async Task CopyAsync(HttpResponseMessage answer, HttpContext http, RegionId region)
    {
        var response = http.Response;
        response.StatusCode = (int)answer.StatusCode;
        RelayedHeaders.Copy(answer, response.Headers);

        // 204 and 304 have neither a length nor a body.
        if (response.StatusCode is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified) return;
        response.ContentLength = answer.Content.Headers.ContentLength;
        if (HttpMethods.IsHead(http.Request.Method) || response.ContentLength == 0) return;

        using var timeout = peers.StartTimeout(ReadTimeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, timeout.Token);
        var body = await answer.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        long sentBytes = 0;
        try
        {
            while (await ReadAsync().ConfigureAwait(false) is > 0 and var count)
            {
                timeout.Suspend(); // Its listener times the client.
                await response.Body.WriteAsync(buffer.AsMemory(0, count), http.RequestAborted).ConfigureAwait(false);
                timeout.Restart();
                sentBytes += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        async ValueTask<int> ReadAsync()
        {
            try
            {
                var count = await body.ReadAsync(buffer, either.Token).ConfigureAwait(false);
                if (count == 0 && response.ContentLength is { } promised && sentBytes != promised)
                    throw PeerClient.EndedEarly(sentBytes, promised);
                return count;
            }
            catch (Exception e) when (!http.RequestAborted.IsCancellationRequested && PeerClient.IsFailureOfRegion(e))
            {
                if (!response.HasStarted) response.Clear();
                throw peers.Unreachable(region, e, timeout);
            }
        }
    }

    /// <summary>A target's path and query as they were sent: of the absolute form, what follows the authority.</summary>
    internal static string OriginFormOf(string target)
    {
        if (target.StartsWith('/') || target.IndexOf("://", StringComparison.Ordinal) is not (> 0 and var scheme)) return target;
        var path = target.IndexOf('/', scheme + 3);
        return path < 0 ? "/" : target[path..];
    }
}
