using System.Globalization;
using System.Text;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>Finds requests and answers among the bytes that a traced server receives and sends.</summary>
internal sealed class ExchangeReader
{
    /// <summary>The calls that must be traced, in strace's words.</summary>
    public const string Calls = "recvfrom,recvmsg,sendto,sendmsg";

    private const string Protocol = "HTTP/1.1 ";

    private static readonly byte[][] Methods =
        [.. new[] { "GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE " }.Select(Encoding.ASCII.GetBytes)];

    private readonly Dictionary<string, (string Method, string Target)> _open = [];

    /// <summary>Targets of all requests that came so far.</summary>
    public List<(string Method, Uri Target)> Requests { get; } = [];

    /// <summary>Whether something is about to be sent.</summary>
    public static bool IsAnswer(TraceStep step) => step is { IsReturn: false, Call.Name: "sendto" or "sendmsg" };

    /// <summary>Follows one step.</summary>
    /// <returns>The exchange whose answer begins to be sent with this step; null where none does.</returns>
    public Exchange? Apply(TraceStep step)
    {
        var call = step.Call;
        switch (call.Name)
        {
            // A server has no answer before it has the whole head, which is short and comes in one piece from these tests.
            case "recvfrom" or "recvmsg" when step.IsReturn && call.Result > 0 && call.Target(0) is { } socket
                && !_open.ContainsKey(socket):
                if (HeadOf(call) is { } head && head.Split(' ') is [var method, var target, ..])
                {
                    _open[socket] = (method, target);
                    Requests.Add((method, Absolute(target)));
                }

                return null;
            case "sendto" or "sendmsg" when IsAnswer(step) && call.Target(0) is { } socket && _open.TryGetValue(socket, out var request):
                var answer = Encoding.Latin1.GetString(call.Data());
                if (!answer.StartsWith(Protocol, StringComparison.Ordinal)) return null;
                _open.Remove(socket);
                var lines = answer[..answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)].Split("\r\n");
                return new Exchange(
                    request.Method,
                    Absolute(request.Target),
                    int.Parse(lines[0].AsSpan(Protocol.Length, 3), CultureInfo.InvariantCulture),
                    lines.Skip(1)
                        .Select(line => line.Split(": ", 2))
                        .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase));
            default:
                return null;
        }
    }

    private static string? HeadOf(SystemCall call)
    {
        var data = call.Data();
        return Methods.Any(method => data.AsSpan().StartsWith(method))
            ? Encoding.Latin1.GetString(data.AsSpan(0, data.AsSpan().IndexOf("\r\n"u8))) : null;
    }

    private static Uri Absolute(string target) => new($"http://server{target}");
}
