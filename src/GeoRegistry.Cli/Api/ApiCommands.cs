using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GeoRegistry.Cli.Output;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Api;

/// <summary>What the commands that ask the API have in common: whom they ask, and how they show the answer.</summary>
internal sealed class ApiCommands(CliConsole console)
{
    private const string ServerVariable = "GEOREGISTRY_SERVER", DefaultServer = "http://127.0.0.1:5000", Table = "table", Json = "json";

    public CliConsole Console => console;

    public Option<string> Server { get; } = new("--server")
    {
        Description = $"The region or entrance to ask. Without it: ${ServerVariable}, else {DefaultServer}.",
        HelpName = "URL",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(ServerVariable) is { Length: > 0 } server ? server : DefaultServer,
    };

    public Option<string> Output { get; } = OutputOption();

    /// <summary>An option that names one region.</summary>
    public static Option<string?> RegionOption(string description) => new("--region") { Description = description, HelpName = "ID" };

    /// <summary>An option that bounds a list.</summary>
    public static Option<int?> LimitOption() => new("-n") { Description = "The most entries to show.", HelpName = "COUNT" };

    /// <summary>Whether the answer is printed as it came.</summary>
    public static bool IsJson(ParseResult parsed, Option<string> output) => parsed.GetValue(output) == Json;

    /// <summary>Asks once and shows the answer.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="target">The request's path and query.</param>
    /// <param name="type">What the answer is.</param>
    /// <param name="render">Makes the table of it.</param>
    public async Task<int> ShowAsync<T>(ParseResult parsed, HttpMethod method, string target, JsonTypeInfo<T> type,
        Func<T, IRenderable> render, CancellationToken cancellation)
        where T : class
    {
        var (report, json, code) = await AskAsync(parsed, method, target, type, cancellation);
        if (report is not null) Show(parsed, json, () => render(report));
        return code;
    }

    /// <summary>Shows an answer as it was asked to be shown: as it came, or as a table.</summary>
    public void Show(ParseResult parsed, byte[] json, Func<IRenderable> render)
    {
        if (IsJson(parsed, Output)) console.Out.WriteLine(Encoding.UTF8.GetString(json).TrimEnd('\n'));
        else console.Ansi.Write(render());
    }

    /// <summary>Asks once; where the result is null, the fault was already reported.</summary>
    public async Task<(T? Report, byte[] Json, int Code)> AskAsync<T>(
        ParseResult parsed, HttpMethod method, string target, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        if (ServerOf(parsed) is not { } address) return (null, [], ExitCode.Usage);

        using var api = new RegistryApi(address);
        switch (await api.SendAsync(method, target, cancellation))
        {
            case ApiAnswer.Body body when Read(body.Json, type) is { } report:
                return (report, body.Json, ExitCode.Done);
            case ApiAnswer.Fault fault:
                console.Say(fault.Sentence);
                break;
            default:
                console.Say($"{parsed.GetValue(Server)} gave an answer that cannot be read: is it a registry of this version?");
                break;
        }

        return (null, [], ExitCode.Failed);
    }

    /// <summary>Whom a command line asks; where the result is null, the fault was already reported.</summary>
    public Uri? ServerOf(ParseResult parsed)
    {
        var server = parsed.GetValue(Server)!;
        if (Uri.TryCreate(server, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https" }) return address;
        console.Say($"--server or {ServerVariable}: '{server}' is not an address: use a form such as {DefaultServer}.");
        return null;
    }

    /// <summary>Names the regions that are missing in an answer.</summary>
    public void SayUnreachable(IReadOnlyList<string>? regions)
    {
        if (regions is { Count: > 0 }) console.Say($"Did not answer, so their rows are missing: {string.Join(", ", regions)}.");
    }

    private static T? Read<T>(byte[] json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Option<string> OutputOption()
    {
        var option = new Option<string>("--output")
        {
            Description = "How data is printed: a table, or the API's JSON as it came.",
            Recursive = true,
            DefaultValueFactory = _ => Table,
        };
        option.AcceptOnlyFromAmong(Table, Json);
        return option;
    }
}
