using GeoRegistry.Cli.Output;

namespace GeoRegistry.Cli.Tests;

/// <summary>A run of the command line, with its two outputs apart.</summary>
internal sealed record Cli(int ExitCode, string Output, string Error)
{
    /// <summary>The lines of its output, with single spaces between words.</summary>
    public IReadOnlyList<string> Lines =>
    [
        .. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))),
    ];

    public static async Task<Cli> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(arguments, new CliConsole(output, error));
        return new Cli(code, output.ToString(), error.ToString());
    }
}
