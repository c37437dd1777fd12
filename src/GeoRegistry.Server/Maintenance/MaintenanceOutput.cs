using System.Diagnostics;
using System.Text.Json;

namespace GeoRegistry.Server.Maintenance;

/// <summary>
/// What a verb says to whoever runs it: sentences, and progress at most once a second, to standard error; what it did, as a line of
/// JSON, to standard output.
/// </summary>
internal sealed class MaintenanceOutput(TextWriter output, TextWriter error)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly Lock _turn = new();
    private long _last;

    public void Say(string sentence)
    {
        lock (_turn) error.WriteLine(sentence);
    }

    /// <summary>Says how far something is, unless that was said just now.</summary>
    public void Progress(Func<string> sentence)
    {
        lock (_turn)
        {
            if (_last != 0 && Stopwatch.GetElapsedTime(_last) < Interval) return;
            _last = Stopwatch.GetTimestamp();
            error.WriteLine(sentence());
        }
    }

    /// <summary>Writes what was done.</summary>
    public void Report<T>(T report) => output.WriteLine(JsonSerializer.Serialize(report, Json));
}
