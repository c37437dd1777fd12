using System.Net;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>
/// What was acknowledged outlasts a power loss, which takes all that was not synced; a kill takes nothing of the page
/// cache, so it proves none of this.
/// </summary>
public sealed class PowerLossTests(RecordedRun run, ITestOutputHelper output) : IClassFixture<RecordedRun>
{
    private static readonly int Losses = LongTests.AreOn ? 60 : 2;

    [Fact]
    public async Task PowerLoss_AtAnyMoment_LeavesWhatWasAcknowledgedAndNothingHalf()
    {
        output.WriteLine($"GEOREGISTRY_SEED={run.Seed}");
        var checker = new PowerLossChecker(run.Scenario.NewDisk(), PowerLossScenario.Data);
        await checker.FollowAsync(run.Scenario.Steps);
        checker.Disk.AssertIsReal();
        output.WriteLine(
            $"{run.Scenario.Steps.Count} steps, {checker.Checked} moments checked, {checker.Promises.Count} acknowledgements");
        Assert.True(checker.Promises.Count >= 15 + (RecordedRun.Images * 4), "The trace has fewer acknowledgements than were sent.");
    }

    [Fact]
    public async Task PowerLoss_WhenAnAnswerIsSent_LeavesADiskThatAServerStartsOnWithAllThatWasAcknowledged()
    {
        output.WriteLine($"GEOREGISTRY_SEED={run.Seed}");
        var random = new Random(run.Seed);
        using var folder = new TemporaryFolder();
        var acknowledgements = CountAcknowledgements();
        var moments = Enumerable.Range(0, Losses).Select(_ => random.Next(1, acknowledgements + 1)).Append(1).Append(
            acknowledgements).ToHashSet();
        foreach (var moment in moments)
        {
            try
            {
                await LoseAsync(moment, new Random(random.Next()), folder.Child($"{moment}"));
            }
            catch (Exception e)
            {
                throw new XunitException(
                    $"With GEOREGISTRY_SEED={run.Seed}, power lost after {moment} of {acknowledgements} acknowledgements: {e.Message}", e);
            }
        }
    }

    private int CountAcknowledgements()
    {
        var (exchanges, promises) = (new ExchangeReader(), new Promises());
        return run.Scenario.Steps.Count(step => exchanges.Apply(step) is { } exchange && promises.Take(exchange));
    }

    // Odd moments lose all that was not synced; at even ones some of it reached the disk, in no order.
    private async Task LoseAsync(int moment, Random random, string folder)
    {
        var (disk, exchanges, promises) = (run.Scenario.NewDisk(), new ExchangeReader(), new Promises());
        foreach (var step in run.Scenario.Steps)
        {
            disk.Apply(step);
            if (exchanges.Apply(step) is { } exchange && promises.Take(exchange) && promises.Count == moment) break;
        }

        disk.AfterPowerLoss(moment % 2 == 0 ? () => random.Next(2) == 0 : null).WriteTo(folder);
        var data = Path.Combine(folder, PowerLossScenario.Data);
        await using (var server = await RegistryProcess.StartAsync(data))
        {
            using var http = server.CreateClient();
            await AssertKeptAsync(http, promises);
            await new Pushes(moment).PushImageAsync(http, "team/next", "works");
            Assert.Equal(0, await server.StopAsync());
        }

        new BlobFiles(data).AssertWhole();
    }

    private static async Task AssertKeptAsync(HttpClient http, Promises promises)
    {
        foreach (var ((repository, digest), isThere) in promises.Blobs)
        {
            var answer = await new RepositoryClient(http, $"{repository}").GetBlobAsync(digest);
            answer.Expect(isThere ? HttpStatusCode.OK : HttpStatusCode.NotFound);
            if (isThere) Assert.Equal(digest, Protocol.Digest.Of(answer.Body, digest.Algorithm));
        }

        foreach (var ((repository, digest), isThere) in promises.Manifests)
            (await new RepositoryClient(http, $"{repository}").GetManifestAsync($"{digest}")).Expect(
                isThere ? HttpStatusCode.OK : HttpStatusCode.NotFound);
        foreach (var ((repository, tag), digest) in promises.Tags)
        {
            var answer = await new RepositoryClient(http, $"{repository}").GetManifestAsync($"{tag}");
            Assert.Equal(digest?.ToString(), answer.Expect(digest is null ? HttpStatusCode.NotFound : HttpStatusCode.OK).Digest);
        }
    }
}
