using System.Data.Common;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit.Stores;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Compares what stopped regions have in their databases: equal checksums are equal histories.</summary>
internal static class LedgerAudit
{
    /// <summary>All regions have the same ledgers, and every history is without gaps where it is made.</summary>
    /// <param name="regions">The regions, stopped.</param>
    /// <param name="mayHave">Whether a region may have a repository; null where all may have all.</param>
    /// <returns>How many commits there are.</returns>
    public static long AssertEqual(IReadOnlyList<ClusterRegion> regions, Func<string, string, bool>? mayHave = null)
    {
        var commits = AssertHeadsEqual(regions, mayHave);
        foreach (var region in regions) AssertNoGaps(region);
        return commits;
    }

    /// <summary>All regions have the same ledgers, whatever commits they keep.</summary>
    /// <returns>How many commits there were.</returns>
    public static long AssertHeadsEqual(IReadOnlyList<ClusterRegion> regions, Func<string, string, bool>? mayHave = null)
    {
        var all = regions.Select(region => (region.Id, Ledgers: ReadLedgers(region.DataFolder))).ToList();
        var ledgers = all.SelectMany(region => region.Ledgers.Keys)
            .Distinct()
            .Select(ledger => (
                Name: ledger,
                Heads: all.Where(region => mayHave?.Invoke(region.Id, ledger.Split('/', 2)[1]) != false)
                    .Select(region => (region.Id, Head: region.Ledgers.GetValueOrDefault(ledger)))
                    .ToList()))
            .ToList();
        var differences = ledgers.Where(ledger => ledger.Heads.Select(region => region.Head).Distinct().Count() > 1)
            .Select(ledger => $"{ledger.Name}: {string.Join(", ", ledger.Heads.Select(region => $"{region.Id} has {region.Head}"))}")
            .ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} ledgers differ:\n{string.Join('\n', differences.Take(10))}");
        return ledgers.Sum(ledger => ledger.Heads[0].Head!.Number);
    }

    /// <summary>Runs a statement on a stopped region's database.</summary>
    /// <returns>How many rows it changed.</returns>
    public static int Execute(string dataFolder, string statement)
    {
        using var connection = Open(dataFolder);
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        return command.ExecuteNonQuery();
    }

    public static Dictionary<string, Head> ReadLedgers(string dataFolder) =>
        Query(dataFolder, "SELECT kind, name, epoch, number, checksum FROM ledgers WHERE number > 0", row =>
            ($"{row.GetInt64(0)}/{row.GetString(1)}",
                new Head(row.GetInt64(2), row.GetInt64(3), Convert.ToHexStringLower((byte[])row.GetValue(4)))))
        .ToDictionary(ledger => ledger.Item1, ledger => ledger.Item2);

    // A region keeps the commits that it made itself; they are the ledger's from the first to the head.
    private static void AssertNoGaps(ClusterRegion region)
    {
        var gaps = Query(
            region.DataFolder,
            $"""
            SELECT l.name, count(*), min(c.number), max(c.number), l.number FROM commits c JOIN ledgers l ON l.id = c.ledger
            WHERE c.region = '{region.Id}' GROUP BY l.id
            HAVING count(*) <> l.number OR min(c.number) <> 1 OR max(c.number) <> l.number
            """,
            row => $"{row.GetString(0)}: {row.GetInt64(1)} commits from {row.GetInt64(2)} to {row.GetInt64(3)}, "
                + $"the head is {row.GetInt64(4)}").ToList();
        Assert.True(gaps.Count == 0, $"Histories of {region.Id} have gaps: {string.Join('\n', gaps.Take(10))}");
    }

    /// <summary>Asks a stopped region's database.</summary>
    public static List<T> Query<T>(string dataFolder, string query, Func<DbDataReader, T> read)
    {
        using var connection = Open(dataFolder);
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    private static DbConnection Open(string dataFolder)
    {
        DbConnection connection = ProductionStores.AreOn ? InPostgreSql(dataFolder) : InSqlite(dataFolder);
        connection.Open();
        return connection;
    }

    private static NpgsqlConnection InPostgreSql(string dataFolder)
    {
        var database = ProductionStores.GetAsync().GetAwaiter().GetResult().Database.ConnectionString;
        return new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(database) { SearchPath = ProductionStores.NameOf(dataFolder), Pooling = false }.ToString());
    }

    private static SqliteConnection InSqlite(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "metadata.db");
        return new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
    }

    public sealed record Head(long Epoch, long Number, string Checksum);
}
