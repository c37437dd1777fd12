using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Archives;

/// <summary>Reads all rows of the database as the records of an archive, in an order that every store has.</summary>
internal sealed class ArchiveReading(NpgsqlConnection connection, RegionId self)
{
    /// <summary>How many ledgers are listed at once.</summary>
    private const int LedgersInPage = 500;

    private static readonly (string Sql, Func<NpgsqlDataReader, ArchiveRecord> Read)[] OfRegion =
    [
        ("SELECT topology, longest_lease, shown_through FROM region_record", row => new ArchiveRecord.OfRegion(
            new RegionRecord(row.GetBytes(0), TimeSpan.FromMilliseconds(row.GetInt64(1)), row.GetInt64(2)))),
        ("SELECT region, incarnation, greatest(head, position, pruned), position, checksum, snapshot, pruned, take_over FROM feeds "
            + "ORDER BY region",
            row => new ArchiveRecord.OfFeed(
                RegionId.Parse(row.GetString(0)), row.GetInt64(2),
                new FeedCursor(Incarnation.Parse(row.GetString(1)), row.GetInt64(3), row.GetBytes(4)), row.GetInt64(5), row.GetInt64(6),
                row.GetInt64(7))),
        ("SELECT region, before FROM announcements_done ORDER BY region",
            row => new ArchiveRecord.OfAnnouncementsDone(RegionId.Parse(row.GetString(0)), row.GetInt64(1))),
        ("SELECT region, id, number FROM announcements_taken ORDER BY region, id",
            row => new ArchiveRecord.OfAnnouncementTaken(RegionId.Parse(row.GetString(0)), row.GetInt64(1), row.GetInt64(2))),
        ("SELECT kind, name, source, reason, attempts, not_before FROM ledgers_set_aside ORDER BY kind, name",
            row => new ArchiveRecord.OfSetAside(new LedgerSetAside(
                RegionId.Parse(row.GetString(2)), Ledger(row, 0), row.GetString(3), row.GetInt32(4),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5))))),
    ];

    private static readonly (string Sql, Func<NpgsqlDataReader, ArchiveRecord> Read)[] OfLedger =
    [
        ("SELECT digest, size, committed, uploaded FROM blob_links WHERE ledger = $1 ORDER BY digest",
            row => new ArchiveRecord.OfBlob(
                DigestKeys.FromKey(row.GetBytes(0)), row.GetInt64(1), row.GetBoolean(2), row.IsDBNull(3) ? null : row.GetInt64(3))),
        ("SELECT digest, media_type, content FROM manifests WHERE ledger = $1 ORDER BY digest",
            row => new ArchiveRecord.OfManifest(
                StoredManifest.Read(row.GetBytes(2), row.GetString(1), DigestKeys.FromKey(row.GetBytes(0))))),
        ("SELECT name, digest FROM tags WHERE ledger = $1 ORDER BY name",
            row => new ArchiveRecord.OfTag(Tag.Parse(row.GetString(0)), DigestKeys.FromKey(row.GetBytes(1)))),
        ("SELECT region, position, number, checksum, encoded FROM commits WHERE ledger = $1 ORDER BY number",
            row => new ArchiveRecord.OfCommit(
                RegionId.Parse(row.GetString(0)), row.GetInt64(1), row.GetInt64(2), row.GetBytes(3), row.GetBytes(4))),
        ("SELECT id, digest, size, deleted_by FROM announcements WHERE ledger = $1 ORDER BY id",
            row => new ArchiveRecord.OfAnnouncement(
                row.GetInt64(0), DigestKeys.FromKey(row.GetBytes(1)), row.GetInt64(2), row.GetInt64(3))),
    ];

    private const string Awaited =
        """
        SELECT digest, size, origin, source, position, kind, name, at FROM hydration
        JOIN hydration_waits ON blob = hydration.id JOIN ledgers ON ledgers.id = hydration_waits.ledger
        JOIN hydration_commits USING (source, position) WHERE hydration_commits.ledger = hydration_waits.ledger
        ORDER BY hydration.id, source, position, name
        """;

    /// <summary>The records, read as they are enumerated, in the caller's transaction of one moment.</summary>
    public async IAsyncEnumerable<ArchiveRecord> ReadAsync(
        DateTimeOffset at, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var incarnations = await connection.ListAsync(
            row => Incarnation.Parse(row.GetString(0)), "SELECT incarnation FROM feeds WHERE region = $1", [self.ToString()], cancellation)
            .ConfigureAwait(false);
        yield return new ArchiveRecord.OfHeader(self, incarnations[0], at);
        foreach (var (sql, read) in OfRegion)
        {
            await foreach (var record in RowsAsync(sql, read, [], cancellation).ConfigureAwait(false))
                yield return record is ArchiveRecord.OfFeed feed && feed.Region == self
                    ? feed with { Cursor = new FeedCursor(feed.Cursor.Incarnation, 0, default) } : record;
        }

        for (var after = new LedgerId(default, ""); ;)
        {
            var page = await connection.ListAsync(
                row => (Row: row.GetInt64(0), State: LedgerRows.State(row, 1), Id: Ledger(row, 5)),
                "SELECT id, epoch, number, checksum, contents, kind, name FROM ledgers WHERE (kind, name) > ($1, $2) "
                    + "ORDER BY kind, name LIMIT $3",
                LedgerRows.Values(after, LedgersInPage), cancellation).ConfigureAwait(false);
            foreach (var (row, state, id) in page)
            {
                yield return new ArchiveRecord.OfLedger(id, state.Head) { Contents = state.Contents };
                foreach (var (sql, read) in OfLedger)
                {
                    await foreach (var record in RowsAsync(sql, read, [row], cancellation).ConfigureAwait(false)) yield return record;
                }
            }

            if (page.Count < LedgersInPage) break;
            after = page[^1].Id;
        }

        await foreach (var record in RowsAsync(Awaited, AwaitedBlob, [], cancellation).ConfigureAwait(false)) yield return record;
    }

    private static ArchiveRecord.OfAwaitedBlob AwaitedBlob(NpgsqlDataReader row) => new(
        new MissingBlob(DigestKeys.FromKey(row.GetBytes(0)), row.GetInt64(1), RegionId.Parse(row.GetString(2))),
        RegionId.Parse(row.GetString(3)), row.GetInt64(4), Ledger(row, 5), row.GetInt64(7));

    private static LedgerId Ledger(NpgsqlDataReader row, int first) => new((LedgerKind)row.GetInt16(first), row.GetString(first + 1));

    private async IAsyncEnumerable<ArchiveRecord> RowsAsync(string sql, Func<NpgsqlDataReader, ArchiveRecord> read, object[] values,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync(sql, values, cancellation).ConfigureAwait(false);
        await using (rows.ConfigureAwait(false))
        {
            while (await rows.ReadAsync(cancellation).ConfigureAwait(false)) yield return Record(rows, read);
        }
    }

    private static ArchiveRecord Record(NpgsqlDataReader row, Func<NpgsqlDataReader, ArchiveRecord> read)
    {
        try
        {
            return read(row);
        }
        catch (Exception e) when (DamagedRow.IsCauseOf(e))
        {
            throw new InvalidDataException($"The metadata is damaged and cannot be copied: {e.Message}", e);
        }
    }
}
