using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>
/// A server that starts for the first time, takes every kind of write, is killed, starts again, goes on, and stops; all
/// of it traced.
/// </summary>
internal sealed class PowerLossScenario : IDisposable
{
    /// <summary>Where the data lies below the disk's root: none of its folders is there at first.</summary>
    public const string Data = "var/lib/georegistry";

    private readonly TemporaryFolder _folder = new();

    public PowerLossScenario() => Directory.CreateDirectory(Root);

    /// <summary>All that the servers did.</summary>
    public List<TraceStep> Steps { get; } = [];

    private string Root => _folder.Child("disk");

    public async Task RunAsync(string assembly, int seed, int images)
    {
        await Strace.AssertWorksAsync();
        var pushes = new Pushes(seed);
        await using (var first = await TracedServer.StartAsync(assembly, Path.Combine(Root, Data), _folder.Child("first.trace")))
        {
            await pushes.RunAsync(first.Http, images);
            Steps.AddRange(await first.KillAsync());
        }

        await using (var second = await TracedServer.StartAsync(assembly, Path.Combine(Root, Data), _folder.Child("second.trace")))
        {
            await pushes.ResumeAsync(second.Http);
            Steps.AddRange(await second.StopAsync());
        }
    }

    /// <summary>A disk as it was before the first server, on which a checker can follow them.</summary>
    public RecordedDisk NewDisk() => new(Root);

    public void Dispose() => _folder.Dispose();
}
