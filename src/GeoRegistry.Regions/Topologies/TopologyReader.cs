using System.Text.Json;
using System.Text.Json.Serialization;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;

namespace GeoRegistry.Regions.Topologies;

/// <summary>Reads a topology from JSON, in which comments and trailing commas are allowed, and validates it.</summary>
public static class TopologyReader
{
    /// <summary>The most regions; more would be many tails for each.</summary>
    public const int MaxRegions = 16;

    private static readonly JsonSerializerOptions Lenient = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private static readonly JsonSerializerOptions Written = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Reads a topology.</summary>
    /// <param name="json">The document, UTF-8.</param>
    /// <param name="faults">All that is wrong with it, each with its remedy; nothing where it can be used.</param>
    /// <returns>The topology, or null where there are faults.</returns>
    public static Topology? Read(ReadOnlySpan<byte> json, out IReadOnlyList<string> faults)
    {
        try
        {
            var document = JsonSerializer.Deserialize<Document>(json, Lenient) ?? throw new JsonException("the document is null");
            var found = new List<string>();
            var topology = Validate(document, found);
            faults = found;
            return found.Count == 0 ? topology : null;
        }
        catch (JsonException e)
        {
            faults = [$"it is not the JSON of a topology: {e.Message}"];
            return null;
        }
    }

    /// <summary>Writes a topology as JSON.</summary>
    public static byte[] Write(Topology topology) => JsonSerializer.SerializeToUtf8Bytes(
        new Document(
            topology.Version,
            [.. topology.Regions.Select(region => new RegionEntry(
                region.Id.ToString(),
                region.Peer.ToString().TrimEnd('/'),
                region.Incarnation.IsNone ? null : region.Incarnation.ToString()))],
            [.. topology.Homes.Select(rule => new HomeEntry(rule.Prefix, rule.Home.Region.ToString(), rule.Home.Epoch))],
            [.. topology.Policies.Select(rule => new PolicyEntry(
                rule.Prefix,
                [.. rule.Policy.Regions.Select(region => region.ToString())],
                rule.Policy.IsLazy ? "lazy" : "eager",
                rule.Policy.Durability.ToString().ToLowerInvariant(),
                rule.Policy.IsStrict ? "strict" : "nearest"))]),
        Written);

    private static Topology? Validate(Document document, List<string> faults)
    {
        if (document.Version < 1) faults.Add($"version is {document.Version}: it starts at 1 and grows with every change.");
        var regions = Present("regions", document.Regions, faults)
            .Select(entry => ValidateRegion(entry, faults))
            .OfType<Region>()
            .ToList();
        if (regions.Count is 0 or > MaxRegions) faults.Add($"regions has {regions.Count} entries: 1 to {MaxRegions} are possible.");
        foreach (var twice in regions.GroupBy(region => region.Id).Where(group => group.Count() > 1))
            faults.Add($"region {twice.Key} is listed twice in regions.");
        foreach (var twice in regions.GroupBy(region => region.Peer).Where(group => group.Count() > 1))
            faults.Add(
                $"{string.Join(" and ", twice.Select(region => region.Id))} have the same peer address {twice.Key}: "
                    + "each region has its own.");
        var homes = Present("homes", document.Homes, faults).Select(entry => ValidateHome(entry, regions, faults)).ToList();
        if (homes.All(rule => rule.Prefix.Length > 0))
            faults.Add("homes lacks a rule with the prefix \"\": every repository needs a home.");
        var policies = Present("policies", document.Policies, faults).Select(entry => ValidatePolicy(entry, regions, faults)).ToList();
        FindDoubles("homes", homes.Select(rule => rule.Prefix), faults);
        FindDoubles("policies", policies.Select(rule => rule.Prefix), faults);
        if (faults.Count > 0) return null;
        var topology = new Topology(document.Version, regions, homes, policies);
        faults.AddRange(HomesOutside(topology));
        return topology;
    }

    private static IEnumerable<T> Present<T>(string list, IReadOnlyList<T?>? entries, List<string> faults)
        where T : class
    {
        if (entries?.Contains(null) == true) faults.Add($"{list} has an entry that is null: remove it.");
        return entries?.OfType<T>() ?? [];
    }

    private static Region? ValidateRegion(RegionEntry entry, List<string> faults)
    {
        var valid = RegionId.TryParse(entry.Id, out var id);
        if (!valid)
            faults.Add(
                $"'{entry.Id}' is not a region id: use 1 to {RegionId.MaxLength} lower-case letters, digits and inner dashes, "
                    + "a letter first.");
        var isAddress = Uri.TryCreate(entry.Peer, UriKind.Absolute, out var peer) && peer.Scheme is "http" or "https"
            && peer.PathAndQuery == "/";
        if (!isAddress)
            faults.Add(
                $"region {entry.Id}: peer is '{entry.Peer}', which is not an address: use a form such as https://eu.example.com:6001.");
        var incarnation = default(Incarnation);
        var hasIncarnation = entry.Incarnation is null || Incarnation.TryParse(entry.Incarnation, out incarnation);
        if (!hasIncarnation)
            faults.Add(
                $"region {entry.Id}: incarnation is '{entry.Incarnation}'; it takes {Incarnation.Length} lower-case hexadecimal digits "
                    + "and is written by 'georegistry region resume'.");
        return valid && isAddress && hasIncarnation ? new Region(id, peer!, incarnation) : null;
    }

    private static (string Prefix, Home Home) ValidateHome(HomeEntry entry, List<Region> regions, List<string> faults)
    {
        ValidatePrefix("homes", entry.Prefix, faults);
        var region = ValidateRegionOf($"homes, prefix '{entry.Prefix}'", entry.Region, regions, faults);
        if (entry.Epoch < 1)
            faults.Add($"homes, prefix '{entry.Prefix}': epoch is {entry.Epoch}; it starts at 1 and grows with every change of the home.");
        return (entry.Prefix ?? "", new Home(region, entry.Epoch));
    }

    private static (string Prefix, PolicyRule Policy) ValidatePolicy(PolicyEntry entry, List<Region> regions, List<string> faults)
    {
        var where = $"policies, prefix '{entry.Prefix}'";
        ValidatePrefix("policies", entry.Prefix, faults);
        var allowed = entry.Regions is null
            ? [.. regions.Select(region => region.Id)]
            : entry.Regions.Select(region => ValidateRegionOf(where, region, regions, faults)).Distinct().ToList();
        if (allowed.Count == 0) faults.Add($"{where}: regions is empty; name one or more, or leave it out for all.");
        var isLazy = OneOf(where, "hydration", entry.Hydration, "eager", "lazy", faults);
        var isStrict = OneOf(where, "reads", entry.Reads, "nearest", "strict", faults);
        if (!TryDurability(entry.Durability ?? "local", out var durability))
            faults.Add($"{where}: durability is '{entry.Durability}'; it is local, one, majority or all.");
        if (isLazy && durability != Durability.Local)
            faults.Add(
                $"{where}: durability '{entry.Durability}' cannot be kept by lazy hydration; make it eager, or leave durability out.");
        return (entry.Prefix ?? "", new PolicyRule(allowed, isLazy, durability, isStrict));
    }

    /// <summary>Reads a durability as clients and topologies write it.</summary>
    public static bool TryDurability(string text, out Durability durability)
    {
        durability = text switch
        {
            "one" => Durability.One,
            "majority" => Durability.Majority,
            "all" => Durability.All,
            _ => Durability.Local,
        };
        return text is "local" or "one" or "majority" or "all";
    }

    private static void ValidatePrefix(string list, string? prefix, List<string> faults)
    {
        if (prefix is null) faults.Add($"{list}: an entry lacks its prefix; \"\" matches every repository.");
        else if (prefix.Length > 0 && !RepositoryName.TryParse(prefix, out _))
            faults.Add(
                $"{list}: the prefix '{prefix}' is not the beginning of a repository name in whole components, "
                    + "such as team or team/app.");
    }

    private static RegionId ValidateRegionOf(string where, string? text, List<Region> regions, List<string> faults)
    {
        if (RegionId.TryParse(text, out var id) && regions.Any(region => region.Id == id)) return id;
        faults.Add($"{where}: '{text}' is not one of the regions {string.Join(", ", regions.Select(region => region.Id))}.");
        return id;
    }

    private static bool OneOf(string where, string field, string? value, string usual, string other, List<string> faults)
    {
        if (value is not null && value != usual && value != other)
            faults.Add($"{where}: {field} is '{value}'; it is {usual} (the default) or {other}.");
        return value == other;
    }

    private static void FindDoubles(string list, IEnumerable<string> prefixes, List<string> faults) =>
        faults.AddRange(prefixes
            .GroupBy(prefix => prefix)
            .Where(group => group.Count() > 1)
            .Select(group => $"{list}: the prefix '{group.Key}' is listed twice."));

    // Where a policy leaves a home out, that home would have to append to a ledger that it may not have.
    private static IEnumerable<string> HomesOutside(Topology topology)
    {
        var prefixes = topology.Homes.Select(rule => rule.Prefix)
            .Concat(topology.Policies.Select(rule => rule.Prefix))
            .Distinct()
            .Order(StringComparer.Ordinal);
        foreach (var prefix in prefixes)
        {
            var home = new PrefixRules<Home>(topology.Homes).FindText(prefix);
            var policy = new PrefixRules<PolicyRule>(topology.Policies).FindText(prefix);
            if (home is not null && policy is not null && !policy.Allows(home.Region))
                yield return $"the home of '{prefix}' is {home.Region}, which its policy leaves out: add it to the policy's regions, "
                    + $"or give the prefix a home among {string.Join(", ", policy.Regions)}.";
        }
    }

    private sealed record Document(long Version, IReadOnlyList<RegionEntry?>? Regions, IReadOnlyList<HomeEntry?>? Homes,
        IReadOnlyList<PolicyEntry?>? Policies);

    private sealed record RegionEntry(string? Id, string? Peer, string? Incarnation = null);

    private sealed record HomeEntry(string? Prefix, string? Region, long Epoch = 1);

    private sealed record PolicyEntry(string? Prefix, IReadOnlyList<string>? Regions = null, string? Hydration = null,
        string? Durability = null, string? Reads = null);
}
