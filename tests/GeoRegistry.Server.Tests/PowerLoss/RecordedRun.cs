using System.Globalization;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>One recording of the real server, which the tests of a class share.</summary>
public sealed class RecordedRun : IAsyncLifetime
{
    /// <summary>How many images are pushed at once.</summary>
    public static readonly int Images = LongTests.AreOn ? 60 : 4;

    /// <summary>What the contents follow from; GEOREGISTRY_SEED gives that of an earlier run.</summary>
    public int Seed { get; } = Environment.GetEnvironmentVariable("GEOREGISTRY_SEED") is { } given
        ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.TickCount;

    internal PowerLossScenario Scenario { get; } = new();

    public Task InitializeAsync() => Scenario.RunAsync(RegistryProcess.ServerAssembly, Seed, Images);

    public Task DisposeAsync()
    {
        Scenario.Dispose();
        return Task.CompletedTask;
    }
}
