using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Replicas;

/// <summary>Reads all rows of a ledger, within a transaction of one moment.</summary>
internal static class SnapshotReading
{
    /// <summary>What a ledger amounts to, or null without a commit. Its entries are read while they are enumerated.</summary>
    /// <remarks>
    /// An entry that cannot be read is an <see cref="InvalidDataException"/>; so is the end of the entries where they do not have the
    /// ledger's checksum: damage must not be copied.
    /// </remarks>
    public static async Task<LedgerSnapshot?> ReadAsync(NpgsqlConnection connection, LedgerId id, CancellationToken cancellation)
    {
        var found = await connection.ListAsync(
            row => (Ledger: row.GetInt64(0), State: LedgerRows.State(row, 1)),
            "SELECT id, epoch, number, checksum, contents FROM ledgers WHERE kind = $1 AND name = $2 AND number > 0",
            LedgerRows.Values(id), cancellation).ConfigureAwait(false);
        return found.Count > 0
            ? new LedgerSnapshot(id, found[0].State.Head, VerifiedEntries(connection, found[0].Ledger, id, found[0].State, cancellation))
            : null;
    }

    private static async IAsyncEnumerable<SnapshotEntry> VerifiedEntries(
        NpgsqlConnection connection, long ledger, LedgerId id, LedgerState state, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var sum = ContentsChecksum.OfHead(id, state.Head);
        (string Sql, Func<NpgsqlDataReader, SnapshotEntry> Read)[] tables =
        [
            ("SELECT digest, media_type, content FROM manifests WHERE ledger = $1", Manifest),
            ("SELECT name, digest FROM tags WHERE ledger = $1",
                row => new SnapshotEntry.OfTag(Tag.Parse(row.GetString(0)), DigestKeys.FromKey(row.GetBytes(1)))),
            ("SELECT digest, size, committed FROM blob_links WHERE ledger = $1",
                row => new SnapshotEntry.OfBlob(DigestKeys.FromKey(row.GetBytes(0)), row.GetInt64(1), row.GetBoolean(2))),
        ];
        foreach (var (sql, read) in tables)
        {
            var rows = await connection.QueryAsync(sql, [ledger], cancellation).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                while (await rows.ReadAsync(cancellation).ConfigureAwait(false))
                {
                    var entry = Entry(rows, read, id);
                    sum += ContentsChecksum.Of(entry);
                    yield return entry;
                }
            }
        }

        if (state.Contents is { } stored && stored != sum)
            throw new InvalidDataException($"The {id} is damaged in this region: its contents do not match their checksum.");
    }

    private static SnapshotEntry Entry(NpgsqlDataReader row, Func<NpgsqlDataReader, SnapshotEntry> read, LedgerId id)
    {
        try
        {
            return read(row);
        }
        catch (Exception e) when (DamagedRow.IsCauseOf(e))
        {
            throw new InvalidDataException($"The {id} is damaged in this region: {e.Message}", e);
        }
    }

    private static SnapshotEntry.OfManifest Manifest(NpgsqlDataReader row)
    {
        var digest = DigestKeys.FromKey(row.GetBytes(0));
        return new SnapshotEntry.OfManifest(StoredManifest.Read(row.GetBytes(2), row.GetString(1), digest));
    }
}
