using GeoRegistry.TestKit;

namespace GeoRegistry.Replication.Tests.Visibility;

/// <summary>
/// Tags are linear under any interleaving that the seeds lead to. A failure names its seed: give it to GEOREGISTRY_SEED
/// to see that run alone.
/// </summary>
public sealed class LinearReadsTests
{
    private const int Steps = 3000;

    [Fact]
    public async Task Reads_AnyInterleaving_NeverGoBackNorMissWhatWasAcknowledged()
    {
        var given = Environment.GetEnvironmentVariable("GEOREGISTRY_SEED");
        var seeds = given is null
            ? Enumerable.Range(1, LongTests.AreOn ? 3000 : 150)
            : [int.Parse(given, System.Globalization.CultureInfo.InvariantCulture)];
        var (alone, atHome, acknowledged) = (0, 0, 0);
        foreach (var seed in seeds)
        {
            var simulation = new LinearReadsSimulation(seed);
            var fault = await Record.ExceptionAsync(() => simulation.RunAsync(Steps));
            Assert.True(fault is null, $"Seed {seed}: {fault?.Message}\n{simulation.Trace}");
            (alone, atHome, acknowledged) = (alone + simulation.Answered.Alone, atHome + simulation.Answered.AtHome,
                acknowledged + simulation.Answered.Acknowledged);
        }

        Assert.All(
            [alone, atHome, acknowledged],
            count => Assert.True(count > 0, $"alone {alone}, at home {atHome}, acknowledged {acknowledged}"));
    }
}
