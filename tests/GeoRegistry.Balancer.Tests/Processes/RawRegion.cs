using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GeoRegistry.Balancer.Tests.Processes;

/// <summary>A listener in the place of a region that does what no good server does, and keeps requests as they came.</summary>
internal sealed class RawRegion : IDisposable
{
    /// <summary>In the place of an answer: the connection stays open, and nothing is said.</summary>
    public const string Silence = "";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _over = new();
    private readonly Func<string, string?> _answer;

    public RawRegion(string answer)
        : this(_ => answer)
    {
    }

    /// <param name="answer">What it says to a request that does not ask for its health, given its head; null breaks the connection
    /// off.</param>
    public RawRegion(Func<string, string?> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    /// <summary>What it answers when it is asked whether it can serve pulls, and take pushes.</summary>
    public int PullStatus { get; init; } = 200;

    public int PushStatus { get; init; } = 200;

    /// <summary>Whether it reads a body before it refuses it, as no good region does.</summary>
    public bool ReadsWhatItRefuses { get; init; }

    /// <summary>The request lines that did not ask for its health.</summary>
    public ConcurrentQueue<string> RequestLines { get; } = [];

    /// <summary>The headers of each of these requests, and its body once that was read.</summary>
    public ConcurrentQueue<string> Heads { get; } = [];

    public ConcurrentQueue<string> Bodies { get; } = [];

    /// <summary>An answer with a status, headers (each ending its line), and no body.</summary>
    public static string Answer(int status, string headers = "") =>
        $"HTTP/1.1 {status} Some Reason\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n";

    public void Dispose()
    {
        _over.TrySetResult();
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        try
        {
            using var stream = new NetworkStream(socket, ownsSocket: true);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var line = await reader.ReadLineAsync() ?? "";
            var head = new StringBuilder(line).Append('\n');
            while (await reader.ReadLineAsync() is { Length: > 0 } header) head.Append(header).Append('\n');
            await AnswerAsync(line, head.ToString(), reader, text => stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask());
        }
        catch (IOException)
        {
            // The entrance has left.
        }
    }

    private async Task AnswerAsync(string line, string head, StreamReader reader, Func<string, Task> write)
    {
        if (line.StartsWith("GET /healthz/ready/", StringComparison.Ordinal))
        {
            await write(Answer(line.Contains("/pull ", StringComparison.Ordinal) ? PullStatus : PushStatus));
            return;
        }

        RequestLines.Enqueue(line);
        Heads.Enqueue(head);
        var answer = _answer(head);
        if (answer == Silence) await _over.Task;
        if (answer is null) return;
        var waitsForLeave = head.Contains("\nExpect: 100-continue\n", StringComparison.OrdinalIgnoreCase);
        var readsBody = !waitsForLeave || ReadsWhatItRefuses || answer.StartsWith("HTTP/1.1 2", StringComparison.Ordinal);
        if (waitsForLeave && readsBody) await write("HTTP/1.1 100 Continue\r\n\r\n");
        if (readsBody) Bodies.Enqueue(await ReadBodyAsync(head, reader));
        await write(answer);
        if (answer.Contains("\nContent-Length: 1000\r\n", StringComparison.Ordinal)) await _over.Task; // The rest of the body never comes.
    }

    private static async Task<string> ReadBodyAsync(string head, StreamReader reader)
    {
        var length = head.Split('\n').FirstOrDefault(header => header.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
        if (length is not null) return await ReadAsync(reader, int.Parse(length[16..], CultureInfo.InvariantCulture));
        var body = new StringBuilder();
        if (!head.Contains("\nTransfer-Encoding: chunked\n", StringComparison.OrdinalIgnoreCase)) return "";
        while (int.Parse((await reader.ReadLineAsync())!, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
        {
            body.Append(await ReadAsync(reader, size));
            await reader.ReadLineAsync();
        }

        await reader.ReadLineAsync();
        return body.ToString();
    }

    private static async Task<string> ReadAsync(StreamReader reader, int count)
    {
        if (count == 0) return ""; // A read of nothing would wait for more.
        var body = new char[count];
        var read = await reader.ReadBlockAsync(body);
        return read == count ? new string(body) : throw new IOException("The body broke off.");
    }
}
