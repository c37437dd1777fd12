using System.Security.Cryptography;
using System.Text;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The checksum that each row of <c>feeds</c> carries: over all that is no sum.</summary>
internal static class FeedChecksums
{
    private const string All = "SELECT region FROM feeds ORDER BY region";

    /// <summary>Changes a row and its checksum. A row that was damaged before stays found: its checksum is left as it is.</summary>
    public static void Keep(SqliteSession session, string region, Action change)
    {
        var isDamaged = IsDamaged(session, region);
        change();
        if (!isDamaged) Set(session, region);
    }

    /// <summary>Gives a row the checksum of what it holds now.</summary>
    public static void Set(SqliteSession session, string region)
    {
        if (Read(session, region) is (_, var computed))
            session.Execute("UPDATE feeds SET row_checksum = $2 WHERE region = $1", region, computed);
    }

    /// <summary>Whether a row does not have its checksum. One of an earlier build that has none yet counts as whole.</summary>
    public static bool IsDamaged(SqliteSession session, string region) =>
        Read(session, region) is ({ } stored, var computed) && !stored.AsSpan().SequenceEqual(computed);

    /// <summary>The regions whose rows do not have their checksums.</summary>
    public static IReadOnlyList<string> FindDamaged(SqliteSession session) =>
        [.. session.List(row => row.GetString(0), All).Where(region => IsDamaged(session, region))];

    /// <summary>The names of rows that name no region: what they said is missing where it belongs, and made anew there.</summary>
    public static IReadOnlyList<string> ListUnreadable(SqliteSession session) =>
        session.ListUnreadable(row => row.GetString(0), row => RegionId.Parse(row.GetString(0)), All);

    private static (byte[]? Stored, byte[] Computed)? Read(SqliteSession session, string region)
    {
        using var row = session.Query(
            "SELECT incarnation, position, checksum, snapshot, pruned, take_over, row_checksum FROM feeds WHERE region = $1", region);
        if (!row.Read()) return null;
        var text = $"{region}\n{row.GetString(0)}\n{row.GetInt64(1)}\n{Convert.ToHexString(row.GetBytes(2))}\n"
            + $"{row.GetInt64(3)}\n{row.GetInt64(4)}\n{row.GetInt64(5)}";
        return (row.IsDBNull(6) ? null : row.GetBytes(6), SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
