using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.PostgreSql.Connections;
using GeoRegistry.Storage.PostgreSql.Replicas;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>Carries out appends and links in one transaction.</summary>
/// <param name="region">The region that the store belongs to.</param>
/// <param name="time">Numbers announcements.</param>
internal sealed class WriteGroup(RegionId region, TimeProvider time)
{
    private const string AddLedgers =
        """
        INSERT INTO ledgers (kind, name) SELECT DISTINCT 1::smallint, name FROM unnest($1) AS linked (name)
        WHERE NOT EXISTS (SELECT 1 FROM ledgers WHERE kind = 1 AND ledgers.name = linked.name) ON CONFLICT DO NOTHING
        """;

    private const string InsertLinks =
        """
        INSERT INTO blob_links (digest, ledger, size, committed, uploaded)
        SELECT DISTINCT ON (linked.digest, ledgers.id) linked.digest, ledgers.id, linked.size, false, ledgers.number
        FROM unnest($1, $2, $3) AS linked (name, digest, size) JOIN ledgers ON kind = 1 AND ledgers.name = linked.name
        ON CONFLICT (digest, ledger) DO UPDATE SET uploaded = excluded.uploaded
            WHERE blob_links.uploaded IS NULL OR blob_links.uploaded < excluded.uploaded
        """;

    private const string Announce =
        """
        SELECT linked.place, given, first FROM unnest($2, $3, $4, $5) AS linked (place, name, digest, size)
        JOIN ledgers ON kind = 1 AND ledgers.name = linked.name, LATERAL announce($1, ledgers.id, linked.digest, linked.size, $6)
        """;

    /// <summary>
    /// Gives commits their positions. The feed's row is locked from here to the end of the transaction, which needs nothing more of this
    /// server.
    /// </summary>
    private const string AddCommits =
        """
        WITH feed AS (
            UPDATE feeds SET head = head + $2, bytes = bytes + $3 WHERE region = $1 RETURNING head - $2 AS last, incarnation),
        added AS (
            INSERT INTO commits (region, position, ledger, number, checksum, encoded, write_id)
            SELECT $1, feed.last + place, ledger, number, checksum, encoded, write_id
            FROM feed, unnest($4, $5, $6, $7, $8) WITH ORDINALITY AS made (ledger, number, checksum, encoded, write_id, place)
            RETURNING position, ledger)
        SELECT ledger, position, incarnation FROM added, feed
        """;

    private const string Queue =
        """
        SELECT hydration_queue($1, position, ledger, $4, $5, $6, $7) FROM commits WHERE ledger = $2 AND number = $3
        """;

    /// <summary>Runs the writes; their outcomes are set when it returns, and nothing was changed when it throws.</summary>
    public async Task RunAsync(NpgsqlConnection connection, IReadOnlyList<PendingWrite> writes)
    {
        PendingAppend[] appends = [.. writes.OfType<PendingAppend>()];
        PendingLink[] links = [.. writes.OfType<PendingLink>()];
        var drafts = new LedgerDrafts();
        var accepted = appends.Length > 0 ? await DecideAsync(connection, drafts, appends).ConfigureAwait(false) : [];
        var isRepeated = writes.Any(write => write.MayBeCarriedOut);
        if (accepted.Count == 0 && links.Length == 0 && !isRepeated) return;

        var batch = new StatementBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            if (isRepeated) batch.Confirm(); // What an earlier attempt left may be here alone.
            LedgerDraft[] changed = [.. accepted.Select(append => drafts[append.Commit.Ledger])];
            RowChanges.AddLedgers(batch, changed);
            AddLinks(batch, links, changed);
            RowChanges.MoveHeads(batch, changed);
            RowChanges.Write(batch, changed);
            foreach (var made in accepted.GroupBy(append => append.Commit.Region)) Append(batch, drafts, made.Key, [.. made]);
            foreach (var write in writes) write.MayBeCarriedOut = true;
            await batch.RunAsync().ConfigureAwait(false);
        }
    }

    private static async Task<List<PendingAppend>> DecideAsync(
        NpgsqlConnection connection, LedgerDrafts drafts, IReadOnlyList<PendingAppend> appends)
    {
        var batch = new StatementBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            foreach (var append in appends) drafts.Expect(append.Commit);
            await drafts.ReadAsync(batch, default).ConfigureAwait(false);
        }

        var accepted = new List<PendingAppend>(appends.Count);
        foreach (var append in appends)
        {
            var draft = drafts[append.Commit.Ledger];
            var head = draft.Before.Head;
            if (append.MayBeCarriedOut && head.Number >= append.Next.Number
                && await FindAsync(connection, append, draft.Row).ConfigureAwait(false) is { } position)
            {
                append.Outcome = new AppendOutcome.Appended(append.Next, position);
            }
            else if (!head.Equals(append.Expected) || append.Commit.Epoch < head.Epoch)
            {
                append.Outcome = new AppendOutcome.HeadMoved(head);
            }
            else
            {
                draft.Apply(append.Commit, append.Next);
                accepted.Add(append);
            }
        }

        return accepted;
    }

    // Whether a commit is there is told by its checksum, which is over all of it and all before it.
    private static async Task<FeedPosition?> FindAsync(NpgsqlConnection connection, PendingAppend append, long ledger)
    {
        var found = await connection.ListAsync(
            row => new FeedPosition(append.Commit.Region, Incarnation.Parse(row.GetString(1)), row.GetInt64(0)),
            """
            SELECT commits.position, incarnation FROM commits JOIN feeds ON feeds.region = commits.region
            WHERE ledger = $1 AND number = $2 AND commits.checksum = $3
            """,
            [ledger, append.Next.Number, append.Next.Checksum.ToArray()], default).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : null;
    }

    private void AddLinks(StatementBatch batch, IReadOnlyList<PendingLink> links, IReadOnlyList<LedgerDraft> appended)
    {
        string[] names = [.. links.Select(link => link.Repository.ToString())];
        if (links.Count > 0) batch.Execute(AddLedgers, [names]); // One value: an array of texts alone would be many.
        RowChanges.Lock(batch, appended, names);
        if (links.Count == 0) return;
        batch.Execute(
            InsertLinks, names, links.Select(link => link.Digest.ToKey()).ToArray(), links.Select(link => link.SizeBytes).ToArray());
        var (places, announced) = (new List<int>(), new List<PendingLink>());
        for (var place = 0; place < links.Count; place++)
        {
            links[place].Outcome = null;
            if (!links[place].Announce) continue;
            places.Add(place);
            announced.Add(links[place]);
        }

        if (announced.Count > 0) batch.Read(
            Announce,
            row =>
            {
                var link = links[row.GetInt32(0)];
                link.Outcome = new BlobAnnouncement(link.Repository, link.Digest, link.SizeBytes, row.GetInt64(1), row.GetInt64(2));
            },
            region.ToString(),
            places.ToArray(),
            announced.Select(link => link.Repository.ToString()).ToArray(),
            announced.Select(link => link.Digest.ToKey()).ToArray(),
            announced.Select(link => link.SizeBytes).ToArray(),
            (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }

    private void Append(StatementBatch batch, LedgerDrafts drafts, RegionId madeBy, IReadOnlyList<PendingAppend> appends)
    {
        var rows = appends.Select(append => drafts[append.Commit.Ledger].Row).ToArray();
        RowChanges.DropPruned(batch, appends.Select(append => (drafts[append.Commit.Ledger].Row, append.Expected.Number)));
        var byLedger = appends.ToDictionary(append => drafts[append.Commit.Ledger].Row);
        if (madeBy != region) batch.Execute("INSERT INTO feeds (region) VALUES ($1) ON CONFLICT DO NOTHING", madeBy.ToString());
        batch.Read(
            AddCommits,
            row =>
            {
                var append = byLedger[row.GetInt64(0)];
                append.Outcome = new AppendOutcome.Appended(
                    append.Next, new FeedPosition(madeBy, Incarnation.Parse(row.GetString(2)), row.GetInt64(1)));
            },
            madeBy.ToString(),
            (long)appends.Count,
            appends.Sum(append => (long)append.Encoded.Length),
            rows,
            appends.Select(append => append.Next.Number).ToArray(),
            appends.Select(append => append.Next.Checksum.ToArray()).ToArray(),
            appends.Select(append => append.Encoded).ToArray(),
            CommitRows.WriteIds(appends.Select(append => append.Commit)));
        foreach (var append in appends.Where(append => append.Missing.Count > 0))
            batch.Call(
                Queue,
                [
                    madeBy.ToString(), drafts[append.Commit.Ledger].Row, append.Next.Number,
                    append.Commit.At.ToUnixTimeMilliseconds(), .. HydrationRows.Columns(append.Missing),
                ]);
        batch.Call("SELECT pg_notify($1, '')", PostgreSqlDatabase.FeedChannel);
    }
}
