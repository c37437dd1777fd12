using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.PostgreSql.Connections;
using GeoRegistry.Storage.PostgreSql.Writes;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql;

public sealed partial class PostgreSqlMetadataStore
{
    private const string PositionColumns = "commits.region, incarnation, commits.position";

    private const string CommitsOfLedger =
        $"FROM commits JOIN feeds ON feeds.region = commits.region WHERE ledger = {LedgerRows.Id}";

    /// <inheritdoc/>
    public async Task<AppendOutcome> AppendAsync(
        LedgerHead expected, Commit commit, IReadOnlyList<MissingBlob>? missing = null, CancellationToken cancellation = default)
    {
        if (commit.Number != expected.Number + 1)
            throw new ArgumentException($"Commit {commit.Number} cannot follow {expected.Number}.", nameof(commit));
        var append = new PendingAppend(expected, commit, CommitCodec.Encode(commit), missing ?? [], cancellation);
        var outcome = await _writer.WriteAsync(append, cancellation).ConfigureAwait(false);
        if (outcome is AppendOutcome.Appended appended) _listener.HeadOf(commit.Region).Advance(appended.Position.Number);
        return outcome;
    }

    /// <inheritdoc/>
    public async ValueTask<LedgerHead> ReadHeadAsync(LedgerId ledger, CancellationToken cancellation = default)
    {
        var found = await ListAsync(
            row => LedgerRows.Head(row, 0), "SELECT epoch, number, checksum FROM ledgers WHERE kind = $1 AND name = $2",
            LedgerRows.Values(ledger), cancellation).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : LedgerHead.Empty;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<FeedEntry>> ReadFeedAsync(
        FeedPosition after, int limit, CancellationToken cancellation = default)
    {
        // One statement, and so one moment: the feed as it was when its head was.
        var rows = await ListAsync(
            row => (From: row.GetInt64(0), Last: row.GetInt64(1), Entry: row.IsDBNull(2) ? null : Entry(row, 2)),
            """
            SELECT page.first, page.last, position, kind, name, encoded, commits.checksum
            FROM (
                SELECT region, greatest(pruned, $3) AS first, least(head, greatest(pruned, $3) + $4) AS last FROM feeds
                WHERE region = $1 AND ($2 = '' OR incarnation = $2)) AS page
            LEFT JOIN commits ON commits.region = page.region AND position > page.first AND position <= page.last
            LEFT JOIN ledgers ON ledgers.id = commits.ledger
            ORDER BY position
            """,
            [after.Region.ToString(), after.Incarnation.ToString(), after.Number, (long)limit], cancellation).ConfigureAwait(false);
        return rows.Count > 0
            ? FeedEntry.WithEmptyPlaces(rows.Select(row => row.Entry).OfType<FeedEntry>(), rows[0].From, rows[0].Last)
            : [];
    }

    /// <inheritdoc/>
    public async ValueTask<FeedExtent> ReadFeedExtentAsync(RegionId region, CancellationToken cancellation = default) =>
        await FindAsync(
            row => new FeedExtent(Incarnation.Parse(row.GetString(0)), row.GetInt64(1), row.GetInt64(2)),
            "SELECT incarnation, pruned, head FROM feeds WHERE region = $1", [region.ToString()], cancellation)
            .ConfigureAwait(false) ?? default;

    /// <inheritdoc/>
    public Task WaitForFeedAsync(FeedPosition after, CancellationToken cancellation = default) =>
        _listener.HeadOf(after.Region).WaitForAsync(after.Number + 1, cancellation);

    /// <inheritdoc/>
    public async ValueTask<AppendOutcome.Appended?> FindWriteAsync(
        LedgerId ledger, WriteId write, CancellationToken cancellation = default)
    {
        var found = await ListAsync(
            row => new AppendOutcome.Appended(
                new LedgerHead(CommitCodec.Decode(row.GetBytes(5)).Epoch, row.GetInt64(3), row.GetBytes(4)), Position(row)),
            $"SELECT {PositionColumns}, number, commits.checksum, encoded {CommitsOfLedger} AND write_id = $3",
            LedgerRows.Values(ledger, write.ToBytes()), cancellation).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : null;
    }

    /// <inheritdoc/>
    public async ValueTask<FeedEntry?> FindEntryAsync(FeedPosition position, CancellationToken cancellation = default)
    {
        var found = await ListAsync(
            row => Entry(row, 0),
            """
            SELECT commits.position, kind, name, encoded, commits.checksum FROM commits
            JOIN feeds ON feeds.region = commits.region JOIN ledgers ON ledgers.id = commits.ledger
            WHERE commits.region = $1 AND ($2 = '' OR incarnation = $2) AND commits.position = $3
            """,
            [position.Region.ToString(), position.Incarnation.ToString(), position.Number], cancellation).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : null;
    }

    /// <inheritdoc/>
    public ValueTask<FeedPosition?> FindPositionAsync(LedgerId ledger, long number, CancellationToken cancellation = default) =>
        FindAsync(
            Position, $"SELECT {PositionColumns} {CommitsOfLedger} AND number = $3", LedgerRows.Values(ledger, number), cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(LedgerId Ledger, LedgerHead Head)>> ListHeadsAsync(
        string? after, int limit, CancellationToken cancellation = default) => ListAsync(
        row => (new LedgerId(LedgerKind.Repository, row.GetString(0)), LedgerRows.Head(row, 1)),
        """
        SELECT name, epoch, number, checksum FROM ledgers WHERE kind = 1 AND number > 0 AND name > $1 ORDER BY name LIMIT $2
        """,
        [after ?? "", limit], cancellation);

    /// <inheritdoc/>
    public async Task<Incarnation> BeginIncarnationAsync(CancellationToken cancellation = default)
    {
        var incarnation = Incarnation.New();
        var written = await ReadWriteAsync<string>(
            batch =>
            {
                batch.Execute(
                    $"""
                    UPDATE feeds SET incarnation = $2, head = head + 1, pruned = head + 1, snapshot = head + 1,
                        database = {DatabaseContinuity.ThisDatabase}
                    WHERE region = $1 AND incarnation <> $2
                    """,
                    _region.ToString(), incarnation.ToString());
                var database = "";
                batch.Read("SELECT database FROM feeds WHERE region = $1", row => database = row.GetString(0), _region.ToString());
                return () => database;
            },
            cancellation).ConfigureAwait(false);
        _database.Continuity.Mend(written);
        return incarnation;
    }

    /// <inheritdoc/>
    public async Task<int> PruneFeedAsync(RegionId region, long keep, long keepBytes, int limit, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        ArgumentOutOfRangeException.ThrowIfNegative(keepBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return (int)await WriteNumberAsync(
            "SELECT prune_feed($1, $2, $3, $4)::bigint", [region.ToString(), keep, keepBytes, limit], cancellation).ConfigureAwait(false);
    }

    private static FeedPosition Position(NpgsqlDataReader row) =>
        new(RegionId.Parse(row.GetString(0)), Incarnation.Parse(row.GetString(1)), row.GetInt64(2));

    private static FeedEntry Entry(NpgsqlDataReader row, int first) => new(
        row.GetInt64(first),
        new LedgerId((LedgerKind)row.GetInt16(first + 1), row.GetString(first + 2)),
        row.GetBytes(first + 3),
        row.GetBytes(first + 4));
}
