using System.Diagnostics;
using System.Globalization;
using System.Net;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;

namespace GeoRegistry.Benchmarks.Clients;

/// <summary>Repeats one GET from many connections with the tool <c>wrk</c>.</summary>
internal static class Wrk
{
    public static Load Get(
        IPEndPoint address, string target, TimeSpan time, int threads, int connections, CancellationToken cancellationToken)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Clients", "wrk.lua");
        string[] arguments =
        [
            $"-t{threads}", $"-c{connections}", $"-d{(int)time.TotalSeconds}s", "--timeout", "30s", "-s", script,
            $"http://{address}{target}", "--", Image.MediaType,
        ];
        using var process = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true })!;
        using var stop = cancellationToken.Register(process.Kill);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        return Parse(output) ?? throw new IOException($"wrk failed at {target}: {output}");
    }

    private static Load? Parse(string output)
    {
        var line = output.Split('\n').FirstOrDefault(line => line.StartsWith("result ", StringComparison.Ordinal));
        if (line is null) return null;
        var fields = line.Split(' ')[1..].Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        if (fields[0] == 0 || fields[5] > 0) return null;
        return new Load(Microseconds(fields[1]), (long)fields[0], (long)fields[2], Microseconds(fields[3]), Microseconds(fields[4]));
    }

    private static TimeSpan Microseconds(double count) => TimeSpan.FromMicroseconds(count);
}
