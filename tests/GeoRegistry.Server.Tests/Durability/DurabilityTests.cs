using System.Globalization;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>Design §8: killing a process at any point loses nothing that was acknowledged and leaves nothing half-visible.</summary>
public sealed class DurabilityTests(ITestOutputHelper output)
{
    /// <summary>The most steps of writers between a start and a kill.</summary>
    private const int MaxSteps = 3000;

    /// <summary>How many of the registers that were not written since the last kill are looked at again.</summary>
    private const int SampleSize = 60;

    private static readonly int Kills = LongTests.AreOn ? 100 : 8;
    private static readonly TimeSpan WritersTimeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Kill_AtRandomMomentsOfParallelPushes_LosesNothingAcknowledgedAndLeavesNothingHalfVisible()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("GEOREGISTRY_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given : Environment.TickCount;
        output.WriteLine($"GEOREGISTRY_SEED={seed}");
        var random = new Random(seed);
        var workload = new Workload(new Random(random.Next()));
        using var folder = new TemporaryFolder();
        var files = new BlobFiles(folder.Path);
        var (resumed, looked) = (0, 0);
        try
        {
            for (var kill = 1; kill <= Kills; kill++)
            {
                await using var server = await RegistryProcess.StartAsync(folder.Path);
                using var http = server.CreateClient();
                looked += await new Verifier(http, workload).VerifyAsync(Sample(workload, random));
                resumed += await new UploadResumption(http, workload).ResumeAllAsync();
                await WriteUntilKilledAsync(server, http, workload, random);
                files.AssertWhole();
            }

            looked += await VerifyAllAsync(folder.Path, workload);
            var commits = await StoreAudit.AssertWholeAsync(folder.Path);
            new BlobFiles(folder.Path).AssertWhole();
            output.WriteLine(
                $"{Kills} kills, {workload.History.AcknowledgedCount} acknowledged writes, {commits} commits,"
                + $" {resumed} uploads resumed, {looked} registers looked at");
            Assert.True(workload.History.AcknowledgedCount > 20 * Kills, "The writers wrote too little.");
        }
        catch (Exception e)
        {
            throw new XunitException($"With GEOREGISTRY_SEED={seed}: {e.Message}", e);
        }
    }

    private static async Task WriteUntilKilledAsync(RegistryProcess server, HttpClient http, Workload workload, Random random)
    {
        var moment = workload.Progress.AfterAsync(random.Next(20, MaxSteps));
        var writers = Enumerable.Range(0, Workload.Writers)
            .Select(number => new Writer(number, new Random(random.Next()), http, workload).RunAsync())
            .ToList();
        var first = await Task.WhenAny(moment, Task.WhenAny(writers)).WaitAsync(WritersTimeout);
        if (first != moment)
        {
            await Task.WhenAll(writers.Where(writer => writer.IsFaulted));
            throw new XunitException($"A writer ended before the kill. The server wrote:\n{server.Output}");
        }

        await server.KillAsync();
        await Task.WhenAll(writers).WaitAsync(WritersTimeout);
        Assert.DoesNotContain("Unhandled exception", server.Output, StringComparison.Ordinal);
    }

    private static async Task<int> VerifyAllAsync(string folder, Workload workload)
    {
        await using var server = await RegistryProcess.StartAsync(folder);
        using var http = server.CreateClient();
        await new Verifier(http, workload).VerifyAsync([]);
        await new UploadResumption(http, workload).ResumeAllAsync();
        var looked = await new Verifier(http, workload).VerifyAsync(workload.History.Registers);
        Assert.Equal(0, await server.StopAsync());
        return looked;
    }

    private static IEnumerable<Register> Sample(Workload workload, Random random)
    {
        var registers = workload.History.Registers.ToArray();
        random.Shuffle(registers);
        return registers.Take(SampleSize);
    }
}
