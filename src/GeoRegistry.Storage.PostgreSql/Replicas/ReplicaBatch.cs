using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.PostgreSql.Connections;
using GeoRegistry.Storage.PostgreSql.Writes;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Replicas;

/// <summary>Applies entries of another region's feed, all of them in one transaction.</summary>
internal sealed class ReplicaBatch(NpgsqlConnection connection, RegionId source, Incarnation incarnation)
{
    private const string Cursor = "SELECT incarnation, position, checksum FROM feeds WHERE region = $1";

    private const string SetAside =
        "SELECT kind, name FROM ledgers_set_aside JOIN unnest($1, $2) AS asked (kind, name) USING (kind, name)";

    private const string Checksums =
        """
        SELECT asked.kind, asked.name, asked.number, commits.checksum FROM unnest($1, $2, $3) AS asked (kind, name, number)
        JOIN ledgers ON ledgers.kind = asked.kind AND ledgers.name = asked.name
        JOIN commits ON commits.ledger = ledgers.id AND commits.number = asked.number
        """;

    /// <summary>Moves the cursor from where it was read; the row stays locked until the transaction ends.</summary>
    private const string MoveCursor =
        """
        WITH moved AS (
            UPDATE feeds SET incarnation = $2, position = $3, checksum = $4, head = greatest(head, $3), bytes = bytes + $5
            WHERE region = $1 AND incarnation = $6 AND position = $7 RETURNING 1)
        SELECT must_be((SELECT count(*) FROM moved), 1)
        """;

    private const string AddCommits =
        """
        INSERT INTO commits (region, position, ledger, number, checksum, encoded, write_id)
        SELECT $1, position, ledger, number, checksum, encoded, write_id
        FROM unnest($2, $3, $4, $5, $6, $7) AS made (position, ledger, number, checksum, encoded, write_id)
        """;

    private readonly LedgerDrafts _drafts = new();
    private readonly HashSet<LedgerId> _setAside = [];
    private readonly Dictionary<(LedgerId Ledger, long Number), byte[]> _checksums = [];
    private readonly List<(ReplicaEntry Entry, long Ledger, LedgerHead Head)> _applied = [];
    private readonly List<(ReplicaEntry Entry, long Ledger)> _awaiting = [];

    /// <summary>Applies entries.</summary>
    /// <returns>How far; the ledger of the first entry that does not fit, if there is one.</returns>
    /// <exception cref="Exception">A row of a ledger is damaged, or another writer came between.</exception>
    public async Task<ApplyOutcome> RunAsync(IReadOnlyList<ReplicaEntry> entries, CancellationToken cancellation)
    {
        var begin = await ReadAsync(entries, cancellation).ConfigureAwait(false);
        if (entries.Count > 0 && !begin.Incarnation.IsNone && begin.Incarnation != incarnation)
            throw new ArgumentException(
                $"Entries of the incarnation {incarnation} of {source} cannot follow {begin.Incarnation}.", nameof(entries));
        var (cursor, faulty) = (begin, (LedgerId?)null);
        foreach (var entry in entries.SkipWhile(entry => entry.Position <= begin.Position))
        {
            if (entry.Position != cursor.Position + 1)
                throw new ArgumentException($"The entry {entry.Position} of {source} cannot follow {cursor.Position}.", nameof(entries));
            if (entry.Ledger is { } ledger && !_setAside.Contains(ledger) && !TryApply(entry))
            {
                faulty = ledger;
                break;
            }

            cursor = new FeedCursor(incarnation, entry.Position, entry.Checksum);
        }

        if (cursor.Position > begin.Position) await WriteAsync(begin, cursor).ConfigureAwait(false);
        return new ApplyOutcome(cursor, faulty);
    }

    private async Task<FeedCursor> ReadAsync(IReadOnlyList<ReplicaEntry> entries, CancellationToken cancellation)
    {
        var begin = FeedCursor.Start;
        Commit[] commits = [.. entries.Select(entry => entry.Commit).OfType<Commit>()];
        foreach (var commit in commits) _drafts.Expect(commit);
        LedgerId[] ledgers = [.. entries.Select(entry => entry.Ledger).OfType<LedgerId>().Distinct()];
        var batch = new StatementBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            batch.Execute("INSERT INTO feeds (region) VALUES ($1) ON CONFLICT DO NOTHING", source.ToString());
            batch.Read(
                Cursor, row => begin = new FeedCursor(Incarnation.Parse(row.GetString(0)), row.GetInt64(1), row.GetBytes(2)),
                source.ToString());
            batch.Read(
                SetAside, row => _setAside.Add(new LedgerId((LedgerKind)row.GetInt16(0), row.GetString(1))),
                ledgers.Select(ledger => (short)ledger.Kind).ToArray(), ledgers.Select(ledger => ledger.Name).ToArray());
            batch.Read(
                Checksums,
                row => _checksums[(new LedgerId((LedgerKind)row.GetInt16(0), row.GetString(1)), row.GetInt64(2))] = row.GetBytes(3),
                commits.Select(commit => (short)commit.Ledger.Kind).ToArray(), commits.Select(commit => commit.Ledger.Name).ToArray(),
                commits.Select(commit => commit.Number).ToArray());
            await _drafts.ReadAsync(batch, cancellation).ConfigureAwait(false);
        }

        return begin;
    }

    private bool TryApply(ReplicaEntry entry)
    {
        if (entry.Commit is not { } commit) return false;
        var draft = _drafts[commit.Ledger];
        var next = commit.Number == draft.Head.Number + 1 ? draft.Head.After(commit.Epoch, entry.Encoded.Span) : null;
        var fit = ReplicaFits.Of(
            commit, draft.Head, next, entry.Checksum.Span, number => _checksums.GetValueOrDefault((commit.Ledger, number)));
        if (fit == ReplicaFit.Next)
        {
            draft.Apply(commit, next!);
            _applied.Add((entry, draft.Row, next!));
            _checksums[(commit.Ledger, commit.Number)] = next!.Checksum.ToArray();
        }

        if (fit is ReplicaFit.Next or ReplicaFit.Known && entry.Missing.Count > 0) _awaiting.Add((entry, draft.Row));
        return fit != ReplicaFit.Faulty;
    }

    private async Task WriteAsync(FeedCursor begin, FeedCursor cursor)
    {
        var batch = new StatementBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            LedgerDraft[] changed = [.. _drafts.All.Where(draft => draft.Head.Number != draft.Before.Head.Number)];
            RowChanges.AddLedgers(batch, changed);
            RowChanges.Lock(batch, changed, []);
            RowChanges.MoveHeads(batch, changed);
            RowChanges.Write(batch, changed);
            RowChanges.DropPruned(batch, _applied.Select(one => (one.Ledger, one.Head.Number - 1)));
            batch.Call(
                MoveCursor,
                source.ToString(), cursor.Incarnation.ToString(), cursor.Position, cursor.Checksum.ToArray(),
                _applied.Sum(one => (long)one.Entry.Encoded.Length), begin.Incarnation.ToString(), begin.Position);
            if (_applied.Count > 0) batch.Execute(
                AddCommits,
                source.ToString(),
                _applied.Select(one => one.Entry.Position).ToArray(),
                _applied.Select(one => one.Ledger).ToArray(),
                _applied.Select(one => one.Head.Number).ToArray(),
                _applied.Select(one => one.Head.Checksum.ToArray()).ToArray(),
                _applied.Select(one => one.Entry.Encoded.ToArray()).ToArray(),
                CommitRows.WriteIds(_applied.Select(one => one.Entry.Commit!)));
            foreach (var (entry, ledger) in _awaiting)
                HydrationRows.Queue(
                    batch, source, entry.Position, ledger, entry.Commit!.At.ToUnixTimeMilliseconds(), entry.Missing);
            batch.Call("SELECT pg_notify($1, '')", PostgreSqlDatabase.FeedChannel);
            await batch.RunAsync().ConfigureAwait(false);
        }
    }
}
