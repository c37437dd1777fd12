using System.Globalization;

namespace GeoRegistry.Cli.Up.Stores;

/// <summary>Where the programs are that <c>up --production</c> starts beside the regions, as Debian and npm install them.</summary>
/// <param name="PostgreSql">The folder of PostgreSQL's programs.</param>
/// <param name="Etcd">The program of etcd.</param>
/// <param name="Azurite">The program of Azurite's blob service.</param>
internal sealed record StorePrograms(string PostgreSql, string Etcd, string Azurite)
{
    private const int OldestPostgreSql = 15;

    private const string DebianFolder = "/usr/lib/postgresql";

    /// <summary>Finds them all.</summary>
    /// <param name="postgreSqlVersion">The version that made the database that is there; null for any.</param>
    /// <param name="faults">What is missing and how to install it, where the result is null.</param>
    public static StorePrograms? Find(string? postgreSqlVersion, out IReadOnlyList<string> faults) =>
        Find(postgreSqlVersion, DebianFolder, Programs.OnPath, Programs.Sources, out faults);

    /// <inheritdoc cref="Find(string?, out IReadOnlyList{string})"/>
    /// <param name="postgreSqlVersion">The version that made the database that is there; null for any.</param>
    /// <param name="debianFolder">Where Debian keeps a folder for each version of PostgreSQL: they are not on the PATH.</param>
    /// <param name="onPath">Finds a program on the PATH.</param>
    /// <param name="sources">The source tree, whose tests have an Azurite of their own; null for none.</param>
    /// <param name="faults">What is missing and how to install it, where the result is null.</param>
    internal static StorePrograms? Find(
        string? postgreSqlVersion, string debianFolder, Func<string, string?> onPath, string? sources, out IReadOnlyList<string> faults)
    {
        var postgreSql = FindPostgreSql(postgreSqlVersion, debianFolder) ?? Path.GetDirectoryName(onPath("initdb"));
        var etcd = onPath("etcd");
        var azurite = onPath("azurite-blob") ?? FindInSources(sources);
        var missing = new List<string>();
        if (postgreSql is null)
            missing.Add(postgreSqlVersion is null
                ? $"PostgreSQL {OldestPostgreSql} or later is not installed: apt-get install postgresql"
                : $"PostgreSQL {postgreSqlVersion}, which made the database that is there, is not installed: "
                    + $"apt-get install postgresql-{postgreSqlVersion}, or choose another folder with --data");
        if (etcd is null) missing.Add("etcd is not installed: apt-get install etcd-server");
        if (azurite is null)
            missing.Add(
                "Azurite, which stands for Azure Blob Storage, is not installed: "
                    + "apt-get install nodejs npm && npm install --global azurite"
                    + (sources is null ? "" : $", or npm ci --ignore-scripts --prefix {Path.Combine(sources, "tests", "azurite")}"));
        else if (onPath("node") is null)
            missing.Add("Node.js, which Azurite runs on, is not installed: apt-get install nodejs");
        faults = missing;
        return missing.Count == 0 ? new StorePrograms(postgreSql!, etcd!, azurite!) : null;
    }

    private static string? FindPostgreSql(string? version, string debianFolder) =>
        !Directory.Exists(debianFolder)
            ? null
            : Directory.GetDirectories(debianFolder)
                .Select(folder => (
                    Programs: Path.Combine(folder, "bin"),
                    Version: int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var number) ? number : 0))
                .Where(found => version is null
                    ? found.Version >= OldestPostgreSql
                    : found.Version.ToString(CultureInfo.InvariantCulture) == version)
                .OrderByDescending(found => found.Version)
                .Select(found => found.Programs)
                .FirstOrDefault(programs => File.Exists(Path.Combine(programs, "postgres")));

    private static string? FindInSources(string? sources)
    {
        var program = Path.Combine(sources ?? "", "tests", "azurite", "node_modules", ".bin", "azurite-blob");
        return sources is not null && File.Exists(program) ? program : null;
    }
}
