using GeoRegistry.TestKit;
using System.Net;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>Sends requests as they are, follows nothing, and reads each response to its end.</summary>
internal sealed class RegistryClient(Uri address) : IDisposable
{
    // §Pulling manifests: "The client SHOULD include an Accept header"; raw requests have none.
    private const string AnyManifest =
        $"{MediaType.Image}, {MediaType.Index}, {MediaType.DockerManifest}, {MediaType.DockerManifestList}, */*";

    private readonly HttpClient _http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None })
    {
        BaseAddress = address,
        Timeout = Waiting.DefaultTimeout,
    };

    public Uri Address { get; } = address;

    public Task<Answer> GetAsync(string target, params (string Name, string Value)[] headers) => SendAsync(Get, target, null, headers);

    public async Task<Answer> SendAsync(HttpMethod method, string target, HttpContent? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, target) { Content = body };
        if (!headers.Any(header => header.Name == "Accept")) request.Headers.TryAddWithoutValidation("Accept", AnyManifest);
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request);
        var content = await response.Content.ReadAsByteArrayAsync();
        var lines = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value)));
        return new Answer($"{method} {target}", (int)response.StatusCode, [.. lines], content);
    }

    /// <summary>Opens a connection for what <see cref="HttpClient"/> would not send.</summary>
    public Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(Address);

    /// <summary>Sends one request whose target goes out exactly as given.</summary>
    public async Task<Answer> SendRawAsync(string method, string target, string headers = "")
    {
        await using var connection = await ConnectAsync();
        await connection.WriteAsync($"{method} {target} HTTP/1.1\r\nHost: {Address.Authority}\r\nConnection: close\r\n{headers}\r\n");
        return await connection.ReadAnswerAsync($"{method} {target}");
    }

    public void Dispose() => _http.Dispose();
}
