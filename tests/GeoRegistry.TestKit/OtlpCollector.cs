using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GeoRegistry.TestKit;

/// <summary>Takes what is sent over OTLP/HTTP and keeps the bodies by path.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _bodies = new();
    private readonly Task _accepting;

    public OtlpCollector()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The spans that have arrived.</summary>
    public IReadOnlyList<ReceivedSpan> Spans =>
        [.. _bodies.GetValueOrDefault("/v1/traces", []).SelectMany(body => ReceivedSpan.Read(Encoding.Latin1.GetBytes(body)))];

    public string Endpoint => $"http://{_listener.LocalEndpoint}";

    /// <summary>Whether one message with all these texts has arrived on a path. Texts are bytes (Latin-1).</summary>
    public bool Has(string path, params string[] texts) =>
        _bodies.TryGetValue(path, out var bodies) && bodies.Any(body => texts.All(text => body.Contains(text, StringComparison.Ordinal)));

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync()));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using (connection)
        {
            var stream = connection.GetStream();
            try
            {
                while (await ReadHeadAsync(stream) is { } head)
                {
                    var lines = head.Split("\r\n");
                    var lengthLine = lines.Single(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
                    var body = new byte[int.Parse(lengthLine.Split(':')[1], CultureInfo.InvariantCulture)];
                    await stream.ReadExactlyAsync(body);
                    _bodies.GetOrAdd(lines[0].Split(' ')[1], _ => new ConcurrentQueue<string>()).Enqueue(Encoding.Latin1.GetString(body));
                    await stream.WriteAsync(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                }
            }
            catch (IOException)
            {
                // The server was stopped.
            }
        }
    }

    private static async Task<string?> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0) return null;
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
