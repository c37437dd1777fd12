using System.Text;

namespace GeoRegistry.Clients.Tests.Tools;

// What a client's program did. Output is bytes because a manifest's digest is of its exact bytes.
internal sealed record ClientToolRun(string CommandLine, int ExitCode, byte[] OutputBytes, string Errors)
{
    public string Output => Encoding.UTF8.GetString(OutputBytes);
}

internal sealed class ClientToolException(ClientToolRun run, string what, string registryLog) : Exception(
    $"""
    {run.CommandLine}
    {what} (exit code {run.ExitCode}).
    --- standard output
    {run.Output}
    --- standard error
    {run.Errors}
    --- the registry's last lines
    {string.Join('\n', registryLog.Split('\n').TakeLast(40))}
    """);
