using GeoRegistry.Protocol;

namespace GeoRegistry.Regions.Topologies;

/// <summary>Rules for repositories by the beginning of their names; the longest that matches wins.</summary>
internal sealed class PrefixRules<T>(IEnumerable<(string Prefix, T Rule)> rules)
    where T : class
{
    private readonly (string Prefix, T Rule)[] _rules = [.. rules.OrderByDescending(rule => rule.Prefix.Length)];

    /// <summary>The rule of a repository, or null.</summary>
    public T? Find(RepositoryName repository) => FindText(repository.ToString());

    /// <summary>The rule of a name, or of a prefix as if it were one; or null.</summary>
    public T? FindText(string name)
    {
        foreach (var (prefix, rule) in _rules)
        {
            if (Matches(prefix, name)) return rule;
        }

        return null;
    }

    private static bool Matches(string prefix, string name) =>
        name.StartsWith(prefix, StringComparison.Ordinal)
            && (prefix.Length == 0 || name.Length == prefix.Length || name[prefix.Length] == '/');
}
