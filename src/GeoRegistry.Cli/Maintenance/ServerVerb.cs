using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Up;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Maintenance;

/// <summary>Runs a verb of the server's program, which knows the stores: its messages go on as they come, its report is shown.</summary>
internal sealed class ServerVerb(ApiCommands api)
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="arguments">The verb and its arguments.</param>
    /// <param name="type">What its report is.</param>
    /// <param name="render">Makes text of it.</param>
    /// <param name="cancellation">Ends it at once, which these verbs take at any point.</param>
    /// <returns>Its exit code: the server's for these verbs mean what those of this program do.</returns>
    public async Task<int> RunAsync<T>(ParseResult parsed, IReadOnlyList<string> arguments, JsonTypeInfo<T> type,
        Func<T, IRenderable> render, CancellationToken cancellation)
        where T : class
    {
        if (Programs.FindServer(out var fault) is not { } server)
        {
            api.Console.Say(fault);
            return ExitCode.Failed;
        }

        using var starter = new ProcessStarter();
        using var process = new Process { StartInfo = ProcessStarter.Describe([Programs.Dotnet, server, .. arguments]) };
        await starter.StartAsync(process);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            while (await process.StandardError.ReadLineAsync(cancellation) is { } line) api.Console.Say(line);
            var report = await output;
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode is ExitCode.Usage or ExitCode.NotComplete) return process.ExitCode;
            if (process.ExitCode != ExitCode.Done) return ExitCode.Failed;
            api.Show(parsed, Encoding.UTF8.GetBytes(report), () => render(JsonSerializer.Deserialize(report, type)!));
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            api.Console.Say("Broken off.");
            return ExitCode.Failed;
        }
    }
}
