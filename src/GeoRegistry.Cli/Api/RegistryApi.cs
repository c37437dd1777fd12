using System.Text.Json;

namespace GeoRegistry.Cli.Api;

/// <summary>The HTTP API of a registry, asked through any region's front door or the entrance.</summary>
internal sealed class RegistryApi : IDisposable
{
    /// <summary>Longer than any wait that the API itself allows.</summary>
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(100);

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
        var address = _server.GetLeftPart(UriPartial.Authority);
        try
        {
            using var request = new HttpRequestMessage(method, address + pathAndQuery);
            using var answer = await _http.SendAsync(request, cancellation);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellation);
            return answer.IsSuccessStatusCode ? new ApiAnswer.Body(body) : new ApiAnswer.Fault(Sentence(address, answer, body));
        }
        catch (HttpRequestException e)
            when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            return new ApiAnswer.Fault($"No region answers at {address}: start one with 'georegistry up', or name another with --server.");
        }
        catch (HttpRequestException e)
        {
            return new ApiAnswer.Fault($"{address} broke off: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ApiAnswer.Fault($"{address} did not answer within {_http.Timeout.TotalSeconds:0.#} s.");
        }
    }

    public void Dispose() => _http.Dispose();

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
