namespace GeoRegistry.FrontDoor.Tests.Clauses;

/// <summary>How binding a clause is.</summary>
internal static class Level
{
    public const string Must = "MUST";

    public const string Should = "SHOULD";

    public const string May = "MAY";

    /// <summary>No MUST or SHOULD: what the specification says in passing, or what GeoRegistry promises beyond it.</summary>
    public const string Promise = "PROMISE";
}
