namespace GeoRegistry.TestKit;

/// <summary>Which form of the tests that can take long is run: <c>tests/run --long</c> asks for the long one.</summary>
public static class LongTests
{
    public static bool AreOn { get; } = Environment.GetEnvironmentVariable("GEOREGISTRY_LONG_TESTS") == "1";
}
