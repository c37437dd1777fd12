using System.CommandLine;
using System.CommandLine.Invocation;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Maintenance;
using GeoRegistry.Cli.Output;
using GeoRegistry.Cli.Receipts;
using GeoRegistry.Cli.Regions;
using GeoRegistry.Cli.Replication;
using GeoRegistry.Cli.Repositories;
using GeoRegistry.Cli.Topologies;
using GeoRegistry.Cli.Up;

namespace GeoRegistry.Cli;

/// <summary>The commands, and how a command line becomes an exit code.</summary>
internal static class CommandLine
{
    private const string Description = """
        georegistry: runs and looks into GeoRegistry, a container registry of several regions.

        Data goes to standard output, messages and progress to standard error.
        Exit codes: 0 done, 1 could not be done, 2 the command line is not valid, 3 what was waited for is not complete.
        """;

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="console">Where data and messages go.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, CliConsole console)
    {
        var parsed = Root(console).Parse(arguments);
        var invocation = new InvocationConfiguration
        {
            Output = console.Out,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            if (parsed.Action is not ParseErrorAction faults)
            {
                ShortenListed(parsed.CommandResult.Command);
                return await parsed.InvokeAsync(invocation);
            }

            faults.ShowHelp = false; // It would hide the fault.
            await parsed.InvokeAsync(invocation);
            console.Say("Run a command with --help for its arguments and options.");
            return ExitCode.Usage;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            console.Say(e.Message);
            return ExitCode.Failed;
        }
    }

    /// <summary>Lets help list subcommands by the first line of their descriptions.</summary>
    private static void ShortenListed(Command command)
    {
        foreach (var listed in command.Subcommands) listed.Description = listed.Description?.Split('\n')[0];
    }

    private static RootCommand Root(CliConsole console)
    {
        var api = new ApiCommands(console);
        return new RootCommand(Description)
        {
            api.Server,
            api.Output,
            UpCommand.Create(console, api.Output),
            new Command("replication", "The state of replication between the regions.")
            {
                StatusCommand.Create(api),
                LagCommand.Create(api),
                BlobsCommand.CreatePending(api),
                BlobsCommand.CreateDeadLetters(api),
                RetryCommand.Create(api),
                VerifyCommand.Create(api),
            },
            BackupCommand.Create(api),
            RestoreCommand.Create(api),
            VerifyCommand.Create(api),
            new Command("store", "The stores that a region keeps its data in.") { MigrateCommand.Create(api) },
            new Command("region", "Commands for one region.") { ResumeCommand.Create(api) },
            new Command("topology", "The topology, where it is in etcd.") { PutCommand.Create(api), ShowCommand.Create(api) },
            new Command("repo", "Where a repository's images are stored.") { WhereCommand.Create(api) },
            new Command("receipt", "Pushes, by the receipts that they were answered with (header GeoRegistry-Receipt).")
            {
                WaitCommand.Create(api),
            },
        };
    }
}
