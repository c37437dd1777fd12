using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A home that is restored from a backup asks the others what it lost, and acknowledges nothing before it has that.</summary>
[Trait("Stores", "embedded")]
public sealed class RestoredHomeTests(ITestOutputHelper output)
{
    private const int Pushes = 40, PushesBefore = 10;

    [Fact]
    public async Task Start_OfAHomeRestoredFromABackupMadeUnderLoad_AcknowledgesOnlyWhenItHasAllThatWasAcknowledged()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        var images = Enumerable.Range(0, Pushes).Select(_ => TestImage.Next(random, 2000)).ToList();
        var pushed = new ConcurrentDictionary<int, TestImage>();
        var load = Task.WhenAll(PushAsync(eu, 0), PushAsync(us, 1));
        await Waiting.UntilAsync("some are pushed", () => Task.FromResult(pushed.Count >= PushesBefore));
        using var folder = new TemporaryFolder();
        var (backup, before) = (folder.Child("eu.backup"), pushed.Count);
        await File.WriteAllBytesAsync(backup, await eu.Http.GetByteArrayAsync("/api/v1/backup"));
        Assert.True(before < Pushes, "The load ended before the backup began.");
        await load;
        await eu.Client.PushAsync("team/later", "1", images[0]);
        await cluster.WaitUntilConvergedAsync();
        var incarnation = IncarnationOf(await us.Http.GetStringAsync("/api/v1/replication?region=eu"));
        await eu.KillAsync();
        Directory.Delete(eu.DataFolder, recursive: true);

        var restored = await RestoreAsync(backup, eu.DataFolder);
        await eu.StartAsync();

        await Waiting.UntilAsync("eu knows what it lost", async () =>
            (await eu.ReplicationAsync()).Closed?.Contains("it has lost commits", StringComparison.Ordinal) == true);
        Assert.Equal(restored, IncarnationOf(await us.Http.GetStringAsync("/api/v1/replication?region=eu")));
        Assert.NotEqual(incarnation, restored);
        (await eu.Client.PutManifestAsync("team/app", "refused", images[0])).Expect(HttpStatusCode.ServiceUnavailable);
        (await us.Client.PutManifestAsync("team/app", "refused", images[0])).Expect(HttpStatusCode.ServiceUnavailable);

        var report = await eu.Client.PostAsync<ResumptionAnswer>("/api/v1/regions/eu/resume"); // Nothing has to be accepted as lost.
        Assert.Empty(report.NotRecovered ?? []);
        await Waiting.UntilAsync("us follows eu again", async () => (await us.ReplicationAsync()).From("eu").State == "live");
        await us.Client.PushAsync("team/app", "after", images[0]);
        await cluster.WaitUntilConvergedAsync();
        foreach (var region in cluster.Regions)
        {
            foreach (var (number, image) in pushed) await region.Client.PullExactlyAsync("team/app", $"{number}", image);
            await region.Client.PullExactlyAsync("team/app", "after", images[0]);
            await region.Client.PullExactlyAsync("team/later", "1", images[0]);
        }

        await cluster.StopAsync();
        LedgerAudit.AssertHeadsEqual([.. cluster.Regions]);

        async Task PushAsync(ClusterRegion region, int first)
        {
            for (var number = first; number < Pushes; number += 2)
            {
                await region.Client.PushAsync("team/app", $"{number}", images[number]);
                pushed[number] = images[number];
            }
        }
    }

    private static async Task<string> RestoreAsync(string backup, string dataFolder)
    {
        string[] command = [RegistryProcess.ServerAssembly, "restore", "--from", backup, "--region", "eu", "--data", dataFolder];
        using var process = Process.Start(new ProcessStartInfo("dotnet", command)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (report, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().OrFail("the end of the restoration");
        Assert.True(process.ExitCode == 0, await error);
        using var json = JsonDocument.Parse(await report);
        return json.RootElement.GetProperty("incarnation").GetString()!;
    }

    private static string IncarnationOf(string status)
    {
        using var json = JsonDocument.Parse(status);
        return json.RootElement.GetProperty("regions")[0].GetProperty("incarnation").GetString()!;
    }
}
