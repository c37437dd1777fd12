using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;
using NpgsqlTypes;

namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>Writes what drafts of ledgers are to be: one statement a table, however many commits they carry out.</summary>
internal static class RowChanges
{
    private const string IsStillUploaded =
        """
        uploaded IS NOT NULL AND (uploaded >= deleted.number OR EXISTS (
            SELECT 1 FROM announcements WHERE announcements.ledger = blob_links.ledger AND announcements.digest = blob_links.digest))
        """;

    /// <summary>Makes the rows of ledgers that have none.</summary>
    public static void AddLedgers(StatementBatch batch, IReadOnlyList<LedgerDraft> drafts)
    {
        LedgerDraft[] added = [.. drafts.Where(draft => draft.IsNew)];
        if (added.Length > 0) batch.Execute(
            """
            INSERT INTO ledgers (id, kind, name) SELECT id, kind, name FROM unnest($1, $2, $3) AS added (id, kind, name)
            """,
            added.Map(draft => draft.Row), added.Map(draft => (short)draft.Id.Kind), added.Map(draft => draft.Id.Name));
    }

    /// <summary>Locks ledgers, all in one order: servers that write the same ones wait for each other instead of failing.</summary>
    /// <param name="batch">Gets the statement.</param>
    /// <param name="drafts">Ledgers.</param>
    /// <param name="repositories">The names of repositories, whose ledgers are locked too.</param>
    public static void Lock(StatementBatch batch, IReadOnlyList<LedgerDraft> drafts, string[] repositories) => batch.Call(
        "SELECT id FROM ledgers WHERE id = ANY ($1) OR (kind = 1 AND name = ANY ($2)) ORDER BY id FOR UPDATE",
        drafts.Select(draft => draft.Row).ToArray(), repositories);

    /// <summary>Drops commits that pruning kept as they were their ledgers' last then.</summary>
    public static void DropPruned(StatementBatch batch, IEnumerable<(long Ledger, long Number)> commits)
    {
        (long Ledger, long Number)[] last = [.. commits];
        if (last.Length > 0) batch.Execute(
            """
            WITH dropped AS (
                DELETE FROM commits USING unnest($1, $2) AS last (ledger, number), feeds
                WHERE commits.ledger = last.ledger AND commits.number = last.number AND feeds.region = commits.region
                    AND commits.position <= feeds.pruned
                RETURNING commits.region, octet_length(encoded) AS size)
            UPDATE feeds SET bytes = bytes - (SELECT sum(size) FROM dropped WHERE dropped.region = feeds.region)
            WHERE region IN (SELECT dropped.region FROM dropped)
            """,
            last.Map(one => one.Ledger), last.Map(one => one.Number));
    }

    /// <summary>Moves the heads, if they are what was read; otherwise the transaction ends.</summary>
    public static void MoveHeads(StatementBatch batch, IReadOnlyList<LedgerDraft> drafts)
    {
        LedgerDraft[] moved = [.. drafts.Where(draft => draft.Head.Number != draft.Before.Head.Number)];
        if (moved.Length > 0) batch.Call(
            """
            WITH moved AS (
                UPDATE ledgers SET epoch = next.epoch, number = next.number, checksum = next.checksum, contents = next.contents
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS next (
                    id, was_number, was_checksum, was_contents, epoch, number, checksum, contents)
                WHERE ledgers.id = next.id AND ledgers.number = next.was_number AND ledgers.checksum = next.was_checksum
                    AND ledgers.contents = next.was_contents
                RETURNING 1)
            SELECT must_be((SELECT count(*) FROM moved), $9)
            """,
            moved.Map(draft => draft.Row),
            moved.Map(draft => draft.Before.Head.Number),
            moved.Map(draft => draft.Before.Head.Checksum.ToArray()),
            moved.Map(draft => draft.Before.Contents!.Value.ToBytes()),
            moved.Map(draft => draft.Head.Epoch),
            moved.Map(draft => draft.Head.Number),
            moved.Map(draft => draft.Head.Checksum.ToArray()),
            moved.Map(draft => draft.Contents.ToBytes()),
            (long)moved.Length);
    }

    /// <summary>Writes the tables that the drafts' commits imply.</summary>
    public static void Write(StatementBatch batch, IReadOnlyList<LedgerDraft> drafts)
    {
        (long Ledger, Slot<Manifest> Slot)[] manifests =
            [.. drafts.SelectMany(draft => draft.Manifests.Values.Where(slot => slot.IsChanged).Select(slot => (draft.Row, slot)))];
        RemoveManifests(batch, manifests.Where(one => one.Slot.Before is not null).Select(one => (one.Ledger, one.Slot.Before!)));
        AddManifests(batch, manifests.Where(one => one.Slot.Now is not null).Select(one => (one.Ledger, one.Slot.Now!)));

        (long Ledger, string Name, byte[]? Digest)[] tags =
        [
            .. drafts.SelectMany(draft => draft.Tags.Where(tag => tag.Value.IsChanged)
                .Select(tag => (draft.Row, tag.Key.ToString(), tag.Value.Now?.Digest.ToKey()))),
        ];
        (long Ledger, string Name, byte[]? Digest)[] gone = [.. tags.Where(tag => tag.Digest is null)];
        if (gone.Length > 0) batch.Execute(
            "DELETE FROM tags USING unnest($1, $2) AS gone (ledger, name) WHERE tags.ledger = gone.ledger AND tags.name = gone.name",
            gone.Map(tag => tag.Ledger), gone.Map(tag => tag.Name));
        SetTags(batch, tags.Where(tag => tag.Digest is not null).Select(tag => (tag.Ledger, tag.Name, tag.Digest!)));

        CommitLinks(batch, drafts.SelectMany(draft => draft.Links
            .Where(link => link.Value.Now is not null && (link.Value.IsChanged || draft.DeletedBlobs.ContainsKey(link.Key)))
            .Select(link => (draft.Row, link.Key.ToKey(), link.Value.Now!.SizeBytes))));
        DeleteBlobs(batch, drafts.SelectMany(draft => draft.DeletedBlobs
            .Where(deleted => draft.Links[deleted.Key].Now is null)
            .Select(deleted => (draft.Row, deleted.Key.ToKey(), deleted.Value))));
    }

    /// <summary>Adds manifests, what they name, and what they are referrers of. None of them is there.</summary>
    public static void AddManifests(StatementBatch batch, IEnumerable<(long Ledger, Manifest Manifest)> manifests)
    {
        (long Ledger, Manifest Manifest)[] added = [.. manifests];
        if (added.Length == 0) return;
        batch.Execute(
            "INSERT INTO manifests (ledger, digest, media_type, content) SELECT * FROM unnest($1, $2, $3, $4)",
            added.Map(one => one.Ledger), added.Map(one => one.Manifest.Digest.ToKey()), added.Map(one => one.Manifest.MediaType),
            added.Map(one => one.Manifest.Content.ToArray()));
        var references = References(added);
        if (references.Length > 0) batch.Execute(
            "INSERT INTO manifest_references (ledger, target, manifest) SELECT * FROM unnest($1, $2, $3) ON CONFLICT DO NOTHING",
            references.Map(one => one.Ledger), references.Map(one => one.Target), references.Map(one => one.Manifest));
        (long Ledger, Manifest Manifest)[] referrers = [.. added.Where(one => one.Manifest.Subject is not null)];
        if (referrers.Length > 0) batch.Execute(
            "INSERT INTO referrers (ledger, subject, digest, artifact_type, descriptor) SELECT * FROM unnest($1, $2, $3, $4, $5)",
            referrers.Map(one => one.Ledger), referrers.Map(one => one.Manifest.Subject!.Value.ToKey()),
            referrers.Map(one => one.Manifest.Digest.ToKey()),
            new NpgsqlParameter<string?[]>
            {
                TypedValue = referrers.Map(one => one.Manifest.ArtifactType), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
            },
            referrers.Map(one => one.Manifest.ReferrerDescriptor.ToArray()));
    }

    /// <summary>Lets tags name manifests. Each is named once.</summary>
    public static void SetTags(StatementBatch batch, IEnumerable<(long Ledger, string Name, byte[] Digest)> tags)
    {
        (long Ledger, string Name, byte[] Digest)[] set = [.. tags];
        if (set.Length > 0) batch.Execute(
            """
            INSERT INTO tags (ledger, name, digest) SELECT * FROM unnest($1, $2, $3)
            ON CONFLICT (ledger, name) DO UPDATE SET digest = excluded.digest
            """,
            set.Map(tag => tag.Ledger), set.Map(tag => tag.Name), set.Map(tag => tag.Digest));
    }

    /// <summary>Records blobs that commits say repositories have. Each is named once.</summary>
    /// <param name="batch">Gets the statement.</param>
    /// <param name="links">The blobs.</param>
    /// <param name="take">Takes the digest and the size of each that no commit said before; null for nobody.</param>
    public static void CommitLinks(
        StatementBatch batch, IEnumerable<(long Ledger, byte[] Digest, long SizeBytes)> links, Action<NpgsqlDataReader>? take = null)
    {
        (long Ledger, byte[] Digest, long SizeBytes)[] set = [.. links];
        if (set.Length > 0) batch.Read(
            """
            INSERT INTO blob_links (ledger, digest, size, committed) SELECT ledger, digest, size, true
            FROM unnest($1, $2, $3) AS link (ledger, digest, size)
            ON CONFLICT (digest, ledger) DO UPDATE SET committed = true, size = excluded.size WHERE NOT blob_links.committed
            RETURNING digest, size
            """,
            take ?? (static _ => { }), set.Map(link => link.Ledger), set.Map(link => link.Digest), set.Map(link => link.SizeBytes));
    }

    /// <summary>
    /// Carries out deletions by the commits of numbers. A link of an upload goes only with a deletion that is later; one that the home
    /// has yet to hear of has no place in the order until the home says it.
    /// </summary>
    private static void DeleteBlobs(StatementBatch batch, IEnumerable<(long Ledger, byte[] Digest, long Number)> blobs)
    {
        (long Ledger, byte[] Digest, long Number)[] deleted = [.. blobs];
        if (deleted.Length > 0) batch.Execute(
            $"""
            WITH deleted AS (SELECT * FROM unnest($1, $2, $3) AS deleted (ledger, digest, number)),
            kept AS (
                UPDATE blob_links SET committed = false FROM deleted
                WHERE blob_links.ledger = deleted.ledger AND blob_links.digest = deleted.digest AND {IsStillUploaded}
                RETURNING deleted.*),
            gone AS (
                DELETE FROM blob_links USING deleted
                WHERE blob_links.ledger = deleted.ledger AND blob_links.digest = deleted.digest AND NOT ({IsStillUploaded}))
            UPDATE announcements SET deleted_by = greatest(deleted_by, kept.number) FROM kept
            WHERE announcements.ledger = kept.ledger AND announcements.digest = kept.digest
            """,
            deleted.Map(one => one.Ledger), deleted.Map(one => one.Digest), deleted.Map(one => one.Number));
    }

    private static void RemoveManifests(StatementBatch batch, IEnumerable<(long Ledger, Manifest Manifest)> manifests)
    {
        (long Ledger, Manifest Manifest)[] gone = [.. manifests];
        if (gone.Length == 0) return;
        var references = References(gone);
        if (references.Length > 0) batch.Execute(
            """
            DELETE FROM manifest_references USING unnest($1, $2, $3) AS gone (ledger, target, manifest)
            WHERE manifest_references.ledger = gone.ledger AND manifest_references.target = gone.target
                AND manifest_references.manifest = gone.manifest
            """,
            references.Map(one => one.Ledger), references.Map(one => one.Target), references.Map(one => one.Manifest));
        (long Ledger, Manifest Manifest)[] referrers = [.. gone.Where(one => one.Manifest.Subject is not null)];
        if (referrers.Length > 0) batch.Execute(
            """
            DELETE FROM referrers USING unnest($1, $2, $3) AS gone (ledger, subject, digest)
            WHERE referrers.ledger = gone.ledger AND referrers.subject = gone.subject AND referrers.digest = gone.digest
            """,
            referrers.Map(one => one.Ledger), referrers.Map(one => one.Manifest.Subject!.Value.ToKey()),
            referrers.Map(one => one.Manifest.Digest.ToKey()));
        batch.Execute(
            """
            DELETE FROM manifests USING unnest($1, $2) AS gone (ledger, digest)
            WHERE manifests.ledger = gone.ledger AND manifests.digest = gone.digest
            """,
            gone.Map(one => one.Ledger), gone.Map(one => one.Manifest.Digest.ToKey()));
    }

    private static (long Ledger, byte[] Target, byte[] Manifest)[] References((long Ledger, Manifest Manifest)[] manifests) =>
    [
        .. manifests.SelectMany(one => one.Manifest.References.Select(reference => reference.Digest).Distinct()
            .Select(target => (one.Ledger, target.ToKey(), one.Manifest.Digest.ToKey()))),
    ];

    private static TValue[] Map<T, TValue>(this T[] rows, Func<T, TValue> value) => Array.ConvertAll(rows, row => value(row));
}
