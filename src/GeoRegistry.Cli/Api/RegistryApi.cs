using System.Text.Json;

namespace GeoRegistry.Cli.Api;

/// <summary>The HTTP API of a registry, asked through any region's front door or the entrance.</summary>
internal sealed class RegistryApi : IDisposable
{
    /// <summary>Longer than any wait that the API itself allows.</summary>
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(100);

    private const int BufferBytes = 128 * 1024;

    private readonly HttpClient _http;
    private readonly Uri _server;

    /// <param name="server">The region or entrance to ask.</param>
    /// <param name="timeout">How long an answer may take. Default 100 seconds.</param>
    public RegistryApi(Uri server, TimeSpan? timeout = null)
    {
        _server = server;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            Timeout = timeout ?? DefaultTimeout,
        };
    }

    /// <summary>Sends a request and reads its whole answer.</summary>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string pathAndQuery, CancellationToken cancellation)
    {
        ApiAnswer answered = null!;
        var fault = await TryAsync(
            async () =>
            {
                using var request = new HttpRequestMessage(method, Address + pathAndQuery);
                using var answer = await _http.SendAsync(request, cancellation);
                var body = await answer.Content.ReadAsByteArrayAsync(cancellation);
                answered = answer.IsSuccessStatusCode ? new ApiAnswer.Body(body) : new ApiAnswer.Fault(Sentence(Address, answer, body));
                return null;
            },
            cancellation);
        return fault is null ? answered : new ApiAnswer.Fault(fault);
    }

    /// <summary>Downloads what may be long into a stream.</summary>
    /// <param name="pathAndQuery">What.</param>
    /// <param name="to">Gets the body; on a fault a part of it.</param>
    /// <param name="progress">Is told how many bytes there are so far.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>Why it is not there, as a sentence; null where it is.</returns>
    public Task<string?> DownloadAsync(string pathAndQuery, Stream to, Action<long> progress, CancellationToken cancellation) => TryAsync(
        async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address + pathAndQuery);
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!answer.IsSuccessStatusCode) return Sentence(Address, answer, await answer.Content.ReadAsByteArrayAsync(cancellation));
            await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var buffer = new byte[BufferBytes];
            for (var bytes = 0L; ; progress(bytes))
            {
                silence.CancelAfter(_http.Timeout);
                var read = await body.ReadAsync(buffer, silence.Token);
                if (read == 0) return null;
                await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
                bytes += read;
            }
        },
        cancellation);

    public void Dispose() => _http.Dispose();

    private string Address => _server.GetLeftPart(UriPartial.Authority);

    private async Task<string?> TryAsync(Func<Task<string?>> ask, CancellationToken cancellation)
    {
        try
        {
            return await ask();
        }
        catch (HttpRequestException e)
            when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            return $"No region answers at {Address}: start one with 'georegistry up', or name another with --server.";
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            return $"{Address} broke off: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{Address} did not answer within {_http.Timeout.TotalSeconds:0.#} s.";
        }
    }

    private static string Sentence(string address, HttpResponseMessage answer, byte[] body)
    {
        try
        {
            var error = JsonSerializer.Deserialize(body, ApiJson.Default.ErrorReport)?.Errors?.FirstOrDefault();
            if (error?.Message is { Length: > 0 } message) return $"{address} answered {(int)answer.StatusCode} {error.Code}: {message}";
        }
        catch (JsonException)
        {
            // Something else answers there; its status is all that is known.
        }

        return $"{address} answered {(int)answer.StatusCode} {answer.ReasonPhrase}, without a registry's error: is it a registry?";
    }
}
