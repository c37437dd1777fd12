using System.Collections.Concurrent;
using System.Net;
using System.Text;
using GeoRegistry.Cli.Up;

namespace GeoRegistry.Cli.Tests.Api;

/// <summary>A listener that answers every request with one document, and keeps what it was asked.</summary>
internal sealed class ApiListener : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Queue<(int Status, string Body)> _answers;

    /// <param name="answers">What it says, in order; the last for ever.</param>
    public ApiListener(params (int Status, string Body)[] answers)
    {
        _answers = new Queue<(int, string)>(answers);
        Address = $"http://127.0.0.1:{Ports.ChooseFree([])}";
        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        _ = ServeAsync();
    }

    public string Address { get; }

    /// <summary>The requests: method and target.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true) Answer(await _listener.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Answer(HttpListenerContext context)
    {
        Requests.Enqueue($"{context.Request.HttpMethod} {context.Request.RawUrl}");
        var (status, body) = _answers.Count > 1 ? _answers.Dequeue() : _answers.Peek();
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: false);
    }
}
