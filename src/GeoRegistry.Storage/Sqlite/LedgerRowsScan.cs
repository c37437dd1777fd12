using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Verification;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Reads all rows of one ledger, at one moment, for a scan of them.</summary>
internal static class LedgerRowsScan
{
    /// <summary>Scans the ledger with the lowest row number after another.</summary>
    /// <returns>What it found; null where there is none.</returns>
    public static LedgerScanResult? Next(SqliteSession session, long after)
    {
        long row;
        LedgerId id;
        bool isNamed;
        LedgerState state;
        using (var found = session.Query(
            "SELECT id, kind, name, epoch, number, checksum, contents FROM ledgers WHERE id > $1 ORDER BY id LIMIT 1", after))
        {
            if (!found.Read()) return null;
            (row, id, state) = (found.GetInt64(0), new LedgerId((LedgerKind)found.GetInt64(1), found.GetString(2)),
                LedgerRows.State(found, 3));
            var copy = LedgerNames.Find(session, row);
            isNamed = copy == id && (long)id.Kind == found.GetInt64(1);
            id = copy ?? id;
        }

        var scan = new LedgerScan(row, id, state, region => FeedRows.Pruned(session, region));
        if (!isNamed) scan.AddFault("its name differs from the copy of it");
        Read(session, row, scan);
        return scan.Finish();
    }

    private static void Read(SqliteSession session, long ledger, LedgerScan scan)
    {
        Each("SELECT digest, media_type, content FROM manifests WHERE ledger = $1",
            row => scan.AddManifest(row.GetBytes(0), row.GetString(1), row.GetBytes(2)));
        Each("SELECT name, digest FROM tags WHERE ledger = $1", row => scan.AddTag(row.GetString(0), row.GetBytes(1)));
        Each("SELECT digest, size FROM blob_links WHERE ledger = $1 AND committed = 1",
            row => scan.AddBlobLink(row.GetBytes(0), row.GetInt64(1)));
        Each("SELECT target, manifest FROM manifest_references WHERE ledger = $1",
            row => scan.AddReference(row.GetBytes(0), row.GetBytes(1)));
        Each("SELECT subject, digest, artifact_type, descriptor FROM referrers WHERE ledger = $1", row => scan.AddReferrer(
            row.GetBytes(0), row.GetBytes(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetBytes(3)));
        Each("SELECT region, position, number, checksum, encoded, write_id, row_checksum FROM commits WHERE ledger = $1 ORDER BY number",
            row =>
            {
                var (region, position, number) = (row.GetString(0), row.GetInt64(1), row.GetInt64(2));
                var (checksum, encoded) = (row.GetBytes(3), row.GetBytes(4));
                var write = row.IsDBNull(5) ? null : row.GetBytes(5);
                var stored = row.IsDBNull(6) ? null : row.GetBytes(6);
                var isWhole = stored is null || stored.AsSpan().SequenceEqual(
                    CommitRows.ChecksumOf(region, position, ledger, number, checksum, encoded, write));
                scan.AddCommit(region, position, number, checksum, encoded, isWhole);
            });

        void Each(string sql, Action<SqliteStatement> read)
        {
            using var rows = session.Query(sql, ledger);
            while (rows.Read()) read(rows);
        }
    }
}
