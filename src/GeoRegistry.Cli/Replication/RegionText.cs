using GeoRegistry.Cli.Output;

namespace GeoRegistry.Cli.Replication;

/// <summary>The state of one region as short texts.</summary>
internal static class RegionText
{
    private const string Live = "live";

    /// <summary>The prefixes that it is the home of.</summary>
    public static string HomeOf(RegionReport region) =>
        string.Join(", ", (region.HomeOf ?? []).Select(prefix => prefix.Length == 0 ? "(all others)" : prefix));

    /// <summary>How far it has followed each other region: <c>eu 120/120 ap 4/5 (connecting)</c>.</summary>
    public static string Applied(RegionReport region) =>
        string.Join(' ', (region.Sources ?? []).Select(source => $"{source.Region} {Applied(source)}"));

    /// <summary>How far it has followed one: <c>4/5 (connecting)</c>.</summary>
    public static string Applied(SourceReport source) =>
        $"{source.Applied}/{source.Head}{(source.State == Live ? "" : $" ({source.State})")}";

    /// <summary>What it has yet to fetch: <c>2 commits, 1.5 MiB</c>; empty where there is nothing.</summary>
    public static string Pending(RegionReport region)
    {
        var sources = region.Sources ?? [];
        var (commits, bytes) = (sources.Sum(source => source.PendingCommits), sources.Sum(source => source.PendingBytes));
        var (dead, setAside) = (sources.Sum(source => source.DeadLetters), sources.Sum(source => source.SetAside));
        return string.Join(", ", new[]
        {
            commits + bytes > 0 ? $"{Humanize.Count(commits, "commit")}, {Humanize.Size(bytes)}" : "",
            dead > 0 ? Humanize.Count(dead, "dead letter") : "",
            setAside > 0 ? $"{Humanize.Count(setAside, "ledger")} set aside" : "",
        }.Where(part => part.Length > 0));
    }

    /// <summary>The age of the oldest commit of another region that is not complete here; null where it follows none.</summary>
    public static string? Lag(RegionReport region) =>
        region.Sources is { Count: > 0 } sources ? Humanize.Age(sources.Max(source => source.LagSeconds)) : null;
}
