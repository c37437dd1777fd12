using System.Globalization;
using GeoRegistry.TestKit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>
/// A kill leaves in the page cache what was not synced; the next start finds it and takes it for durable. What is then answered
/// on it must outlast a power loss too, though the server that wrote it never synced it.
/// </summary>
public sealed class KillAndPowerLossTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>Syncs that are chosen by chance beside those that the test names; the long form takes all.</summary>
    private const int Chosen = 2;

    private const string Data = PowerLossScenario.Data;

    private readonly TemporaryFolder _folder = new();
    private readonly int _seed = Environment.GetEnvironmentVariable("GEOREGISTRY_SEED") is { } given
        ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.TickCount;

    [Fact]
    public async Task RepeatedPush_AfterAKillBeforeASync_OutlastsAPowerLoss()
    {
        output.WriteLine($"GEOREGISTRY_SEED={_seed}");
        await Strace.AssertWorksAsync();
        var root = Directory.CreateDirectory(_folder.Child("disk")).FullName;
        var steps = await PushAsync(root);
        foreach (var kill in MomentsOf(steps))
        {
            try
            {
                await KillAndRepeatAsync(root, steps, kill);
            }
            catch (Exception e)
            {
                throw new XunitException($"With GEOREGISTRY_SEED={_seed}, after a kill before {steps[kill].Call}: {e.Message}", e);
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    private async Task<List<TraceStep>> PushAsync(string root)
    {
        await using var server = await TracedServer.StartAsync(
            RegistryProcess.ServerAssembly, Path.Combine(root, Data), _folder.Child("first.trace"));
        await new Pushes(_seed).PushImageAsync(server.Http, "team/app", "v1");
        return await server.KillAsync();
    }

    private async Task KillAndRepeatAsync(string root, List<TraceStep> steps, int kill)
    {
        var disk = new RecordedDisk(root);
        foreach (var step in steps.Take(kill)) disk.Apply(step);
        disk.Location = _folder.Child($"killed{kill}");
        disk.Seen().WriteTo(disk.Location);
        await using var server = await TracedServer.StartAsync(
            RegistryProcess.ServerAssembly, Path.Combine(disk.Location, Data), _folder.Child($"{kill}.trace"));
        await new Pushes(_seed).PushImageAsync(server.Http, "team/app", "v1");
        var checker = new PowerLossChecker(disk, Data);
        await checker.FollowAsync(await server.StopAsync());
        Assert.Equal(4, checker.Promises.Count);
        disk.AssertIsReal();
    }

    private HashSet<int> MomentsOf(List<TraceStep> steps)
    {
        var syncs = Enumerable.Range(0, steps.Count).Where(i => steps[i] is { IsReturn: false, Call.Name: "fsync" or "fdatasync" }).ToArray();
        if (LongTests.AreOn) return [.. syncs];
        new Random(_seed).Shuffle(syncs);
        return
        [
            syncs.Where(i => PathOf(steps[i]).EndsWith("/blobs/sha256", StringComparison.Ordinal)).Min(),
            .. syncs.Where(i => PathOf(steps[i]).EndsWith("-wal", StringComparison.Ordinal)).OrderDescending().Take(1),
            .. syncs.Take(Chosen),
        ];
    }

    private static string PathOf(TraceStep step) => step.Call.Target(0) ?? "";
}
