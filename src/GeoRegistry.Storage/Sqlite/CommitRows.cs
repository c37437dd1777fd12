using System.Security.Cryptography;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The rows of kept commits.</summary>
internal static class CommitRows
{
    /// <summary>The numbers of ledgers that commits name and that there are not.</summary>
    public static IReadOnlyList<long> FindUnknownLedgers(SqliteSession session) => session.List(
        row => row.GetInt64(0), "SELECT DISTINCT ledger FROM commits WHERE ledger NOT IN (SELECT id FROM ledgers)");

    /// <summary>
    /// The commits whose rows name another ledger than they are of: each says itself whose it is, and its row's checksum says
    /// so too.
    /// </summary>
    /// <param name="session">A reader's.</param>
    /// <param name="ledger">The ledger that the rows name.</param>
    /// <param name="id">Its name; null where there is no such ledger.</param>
    public static IReadOnlyList<StrayCommit> FindStrays(SqliteSession session, long ledger, LedgerId? id)
    {
        var strays = new List<StrayCommit>();
        using var row = session.Query(
            "SELECT id, region, position, number, checksum, encoded, write_id, row_checksum FROM commits WHERE ledger = $1", ledger);
        while (row.Read())
        {
            var encoded = row.GetBytes(5);
            if (CommitCodec.TryDecode(encoded) is not { } commit || commit.Ledger == id || row.IsDBNull(7)) continue;
            var (owner, write) = (LedgerRows.Find(session, commit.Ledger).Ledger, row.IsDBNull(6) ? null : row.GetBytes(6));
            var checksum = ChecksumOf(
                row.GetString(1), row.GetInt64(2), owner, row.GetInt64(3), row.GetBytes(4), encoded, write);
            if (checksum.AsSpan().SequenceEqual(row.GetBytes(7)))
                strays.Add(new StrayCommit(row.GetInt64(0), owner, row.GetInt64(3)));
        }

        return strays;
    }

    /// <summary>Gives commits back to their ledgers. One that was replaced meanwhile has no place for them.</summary>
    /// <returns>How many were given back.</returns>
    public static int GiveBack(SqliteSession session, IReadOnlyList<StrayCommit> strays) => strays.Sum(stray => session.Execute(
        """
        UPDATE OR IGNORE commits SET ledger = $2 WHERE id = $1 AND (
            EXISTS (SELECT 1 FROM commits WHERE ledger = $2 AND number = $3 + 1)
            OR $3 = (SELECT number FROM ledgers WHERE id = $2))
        """,
        stray.Row, stray.Ledger, stray.Number));

    /// <summary>Drops the commits of a ledger, whose positions are not given again.</summary>
    public static void Drop(SqliteSession session, long ledger)
    {
        var dropped = session.List(
            row => (Region: row.GetString(0), Position: row.GetInt64(1)),
            "DELETE FROM commits WHERE ledger = $1 RETURNING region, position",
            ledger);
        foreach (var feed in dropped.GroupBy(commit => commit.Region, commit => commit.Position))
            FeedRows.RaisePosition(session, feed.Key, feed.Max());
    }

    /// <summary>
    /// The checksum that a commit's row carries: over all its other columns. The chain of checksums alone does not cover
    /// the oldest commit that is kept.
    /// </summary>
    public static byte[] ChecksumOf(
        string region,
        long position,
        long ledger,
        long number,
        ReadOnlySpan<byte> checksum,
        ReadOnlySpan<byte> encoded,
        byte[]? write)
    {
        var hash = new GatheredHash(stackalloc byte[GatheredHash.UsualBytes]);
        hash.Add(position);
        hash.Add(ledger);
        hash.Add(number);
        hash.Add(write?.Length ?? -1L);
        hash.Add(write ?? []);
        hash.Add(checksum);
        hash.Add(region);
        hash.Add("\n"u8);
        hash.Add(encoded);
        var sum = new byte[SHA256.HashSizeInBytes];
        hash.Finish(sum);
        return sum;
    }
}

/// <summary>A commit whose row names another ledger than it is of.</summary>
/// <param name="Row">Its row.</param>
/// <param name="Ledger">The ledger that it is of.</param>
/// <param name="Number">Its number there.</param>
internal readonly record struct StrayCommit(long Row, long Ledger, long Number);
