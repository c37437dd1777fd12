namespace GeoRegistry.FrontDoor.Tests.Clauses;

/// <summary>
/// One sentence of the specification that binds a registry. The reason says why no test here proves it; it is null where
/// one must.
/// </summary>
internal sealed record SpecClause(string Section, string Level, string Quote, string? Reason);

/// <summary>
/// The list in <c>spec-clauses.txt</c>: sections start with §, and what is not proven here is followed by <c>-- why</c>.
/// </summary>
/// <remarks>Source: OCI Distribution Spec, main branch at 967efdc (v1.1 and what is to come after it).</remarks>
internal static class SpecClauses
{
    public static IReadOnlyList<SpecClause> All { get; } = [.. Read()];

    private static IEnumerable<SpecClause> Read()
    {
        using var file = new StreamReader(typeof(SpecClauses).Assembly.GetManifestResourceStream("spec-clauses.txt")!);
        var section = "";
        while (file.ReadLine() is { } line)
        {
            if (line.StartsWith('§')) section = line[1..].Trim();
            else if (line.Length > 0 && !line.StartsWith('#')) yield return Parse(section, line);
        }
    }

    private static SpecClause Parse(string section, string line)
    {
        var (level, rest) = line.Split(' ', 2) is [var first, var second] ? (first, second.Trim()) : throw new FormatException(line);
        return rest.Split(" -- ", 2) is [var quote, var reason]
            ? new SpecClause(section, level, quote, reason) : new SpecClause(section, level, rest, null);
    }
}
