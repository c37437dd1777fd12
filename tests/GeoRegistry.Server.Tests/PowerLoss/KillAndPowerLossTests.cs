using System.Globalization;
using System.Net;
using GeoRegistry.Server.Tests.Clients;
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
                await KillAndRepeatAsync(root, steps, kill, promises: 4, http => new Pushes(_seed).PushImageAsync(http, "team/app", "v1"));
            }
            catch (Exception e)
            {
                throw new XunitException($"With GEOREGISTRY_SEED={_seed}, after a kill before {steps[kill].Call}: {e.Message}", e);
            }
        }
    }

    /// <summary>Nothing has to be written for it, and so nothing would sync by the way what the killed server wrote.</summary>
    [Fact]
    public async Task RepeatedManifest_AfterAKillBeforeItsCommitIsSynced_OutlastsAPowerLoss()
    {
        output.WriteLine($"GEOREGISTRY_SEED={_seed}");
        await Strace.AssertWorksAsync();
        var root = Directory.CreateDirectory(_folder.Child("disk")).FullName;
        var steps = await PushAsync(root);
        var kill = SyncsOf(steps).Last(i => PathOf(steps[i]).EndsWith("-wal", StringComparison.Ordinal));

        await KillAndRepeatAsync(root, steps, kill, promises: 1, async http =>
        {
            var client = new RepositoryClient(http, "team/app");
            var manifest = (await client.GetManifestAsync("v1-too")).Expect(HttpStatusCode.OK).Body;
            (await client.PutManifestAsync("v1-too", manifest)).Expect(HttpStatusCode.Created);
        });
    }

    public void Dispose() => _folder.Dispose();

    private async Task<List<TraceStep>> PushAsync(string root)
    {
        await using var server = await TracedServer.StartAsync(
            RegistryProcess.ServerAssembly, Path.Combine(root, Data), _folder.Child("first.trace"));
        await new Pushes(_seed).PushImageAsync(server.Http, "team/app", "v1");
        return await server.KillAsync();
    }

    private async Task KillAndRepeatAsync(string root, List<TraceStep> steps, int kill, int promises, Func<HttpClient, Task> repeat)
    {
        var disk = new RecordedDisk(root);
        foreach (var step in steps.Take(kill)) disk.Apply(step);
        disk.Location = _folder.Child($"killed{kill}");
        disk.Seen().WriteTo(disk.Location);
        await using var server = await TracedServer.StartAsync(
            RegistryProcess.ServerAssembly, Path.Combine(disk.Location, Data), _folder.Child($"{kill}.trace"));
        await repeat(server.Http);
        var checker = new PowerLossChecker(disk, Data);
        await checker.FollowAsync(await server.StopAsync());
        Assert.Equal(promises, checker.Promises.Count);
        disk.AssertIsReal();
    }

    private HashSet<int> MomentsOf(List<TraceStep> steps)
    {
        var syncs = SyncsOf(steps).ToArray();
        if (LongTests.AreOn) return [.. syncs];
        new Random(_seed).Shuffle(syncs);
        return
        [
            syncs.Where(i => PathOf(steps[i]).EndsWith("/blobs/sha256", StringComparison.Ordinal)).Min(),
            .. syncs.Where(i => PathOf(steps[i]).EndsWith("-wal", StringComparison.Ordinal)).OrderDescending().Take(1),
            .. syncs.Take(Chosen),
        ];
    }

    private static IEnumerable<int> SyncsOf(List<TraceStep> steps) =>
        Enumerable.Range(0, steps.Count).Where(i => steps[i] is { IsReturn: false, Call.Name: "fsync" or "fdatasync" });

    private static string PathOf(TraceStep step) => step.Call.Target(0) ?? "";
}
