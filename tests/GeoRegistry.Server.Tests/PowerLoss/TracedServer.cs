using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>A real server whose system calls are written down.</summary>
internal sealed class TracedServer : IAsyncDisposable
{
    private readonly RegistryProcess _process;
    private readonly string _log;

    private TracedServer(RegistryProcess process, string log)
    {
        (_process, _log) = (process, log);
        Http = process.CreateClient();
    }

    public HttpClient Http { get; }

    /// <param name="assembly">The build of the server.</param>
    /// <param name="data">Its data folder.</param>
    /// <param name="log">The file to write the trace to.</param>
    public static async Task<TracedServer> StartAsync(string assembly, string data, string log) =>
        new(await RegistryProcess.StartBuildAsync(assembly, Strace.Command(log), data), log);

    /// <summary>Ends it at once and returns what it did.</summary>
    public async Task<List<TraceStep>> KillAsync()
    {
        await _process.KillAsync();
        return await ReadAsync();
    }

    /// <summary>Asks it to stop and returns what it did.</summary>
    public async Task<List<TraceStep>> StopAsync()
    {
        Assert.Equal(0, await _process.StopAsync());
        return await ReadAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.DisposeAsync();
    }

    // strace ends after the server does.
    private async Task<List<TraceStep>> ReadAsync()
    {
        var thread = $"{_process.Id} ";
        await Waiting.UntilAsync(
            $"the end of the server in {_log}",
            () => Task.FromResult(File.ReadLines(_log).Any(
                line => line.StartsWith(thread, StringComparison.Ordinal) && line.EndsWith(" +++", StringComparison.Ordinal))));
        return StraceLog.Read(_log);
    }
}
