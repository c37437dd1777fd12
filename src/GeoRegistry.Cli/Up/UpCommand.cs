using System.CommandLine;
using System.CommandLine.Parsing;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;

namespace GeoRegistry.Cli.Up;

/// <summary><c>georegistry up</c>: several regions and an entrance to them as processes on this machine.</summary>
internal static class UpCommand
{
    private const string DefaultListen = "http://127.0.0.1:5000";

    public static Command Create(CliConsole console, Option<string> output)
    {
        var regions = new Option<int?>("--regions")
        {
            Description = $"How many regions, 1 to {ClusterFolder.MaxRegions}: {string.Join(", ", ClusterFolder.RegionIds)}. "
                + "Without it: as many as DIR has, 3 in a new one.",
            HelpName = "COUNT",
        };
        regions.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > ClusterFolder.MaxRegions)
                result.AddError($"--regions takes 1 to {ClusterFolder.MaxRegions}.");
        });
        var data = new Option<string>("--data")
        {
            Description = "The folder of the regions' data, topology.json, the cluster's key and the logs.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "./data",
        };
        var latency = new Option<TimeSpan?>("--latency")
        {
            Description = "Added to all that goes between regions, such as 40ms, as if they were far apart.",
            HelpName = "TIME",
            CustomParser = argument => Durations.Parse(argument),
        };
        var listen = new Option<Uri>("--listen")
        {
            Description = "Where the entrance serves clients.",
            HelpName = "URL",
            CustomParser = ParseListen,
            DefaultValueFactory = _ => new Uri(DefaultListen),
        };
        var production = new Option<bool>("--production")
        {
            Description = "Starts PostgreSQL, etcd and Azurite, too, and lets the regions use them: a database and an account for each. "
                + "They must be installed; what is missing is said. All is in DIR/production, beside what 'up' alone keeps.",
        };
        var command = new Command("up", """
            Runs several regions and an entrance to them on this machine, until Ctrl-C.

            Each region is a process with its data and log in DIR; the entrance sends every request to the next region in turn, so that
            a push through it is pulled from another region at once. DIR/topology.json is written once and kept: change it as you like.
            Kill a region to try it out: the others go on, and the next 'up' on DIR finds everything as it was.
            Standard output: the addresses (with --output json as one line of JSON), on a terminal then how far the regions have followed
            each other, every second.
            """)
        {
            regions, data, latency, listen, production,
        };
        command.SetAction((parsed, _) =>
        {
            var options = new UpOptions(
                parsed.GetValue(regions),
                parsed.GetValue(data)!,
                parsed.GetValue(latency),
                parsed.GetRequiredValue(listen),
                parsed.GetValue(production),
                ApiCommands.IsJson(parsed, output));
            return new UpSession(console, options, TimeProvider.System).RunAsync();
        });
        return command;
    }

    private static Uri ParseListen(ArgumentResult argument)
    {
        var text = argument.Tokens.Single().Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address is { Scheme: "http", PathAndQuery: "/" }) return address;
        argument.AddError($"'{text}' is not an address to listen on: use a form such as {DefaultListen}.");
        return new Uri(DefaultListen);
    }
}
