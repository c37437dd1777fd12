namespace GeoRegistry.Server.Tests.Waiting;

/// <summary>Which form of the tests that can take long is run.</summary>
internal static class LongTests
{
    public static bool AreOn { get; } = Environment.GetEnvironmentVariable("GEOREGISTRY_LONG_TESTS") == "1";
}
