using System.Globalization;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests;

/// <summary>Chance that can be had again: a run says its seed, and takes the one of <c>GEOREGISTRY_SEED</c>.</summary>
internal static class Seeds
{
    public static Random Next(ITestOutputHelper output)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("GEOREGISTRY_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given : Environment.TickCount;
        output.WriteLine($"GEOREGISTRY_SEED={seed}");
        return new Random(seed);
    }
}
