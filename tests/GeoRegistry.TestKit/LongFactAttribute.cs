namespace GeoRegistry.TestKit;

/// <summary>A test that has a long form only: elsewhere it is reported as skipped, with the way to run it.</summary>
public sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute()
    {
        if (!LongTests.AreOn) Skip = "It takes minutes: tests/run --long runs it.";
    }
}
