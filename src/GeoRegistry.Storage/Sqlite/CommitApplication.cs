using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Writes a commit and what it implies, within the caller's transaction.</summary>
internal static class CommitApplication
{
    /// <summary>Appends a commit of this region, or finds that the head is another and changes nothing.</summary>
    public static AppendOutcome Append(
        SqliteSession session,
        LedgerHead expected,
        Commit commit,
        ReadOnlyMemory<byte> encoded,
        LedgerHead next,
        IReadOnlyList<MissingBlob> missing)
    {
        var (ledger, before) = LedgerRows.Find(session, commit.Ledger);
        if (!before.Head.Equals(expected) || commit.Epoch < before.Head.Epoch) return new AppendOutcome.HeadMoved(before.Head);
        if (ledger == 0) ledger = LedgerRows.Add(session, commit.Ledger);
        var region = commit.Region.ToString();
        var (incarnation, last) = FeedRows.End(session, region);
        Apply(session, ledger, before, commit, encoded, next, region, last + 1);
        HydrationRows.Queue(session, region, last + 1, ledger, commit.At.ToUnixTimeMilliseconds(), missing);
        return new AppendOutcome.Appended(next, new FeedPosition(commit.Region, incarnation, last + 1));
    }

    /// <summary>Writes the next commit of a ledger, what it implies, and its place in a feed.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="ledger">The ledger's row.</param>
    /// <param name="before">What that row has now.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="encoded">Its wire form.</param>
    /// <param name="next">The ledger's head with it.</param>
    /// <param name="region">The region whose feed it is in.</param>
    /// <param name="position">Its place there.</param>
    public static void Apply(
        SqliteSession session,
        long ledger,
        LedgerState before,
        Commit commit,
        ReadOnlyMemory<byte> encoded,
        LedgerHead next,
        string region,
        long position)
    {
        var write = commit.Write.IsNone ? null : commit.Write.ToBytes();
        session.Execute(
            "INSERT INTO commits (region, position, ledger, number, checksum, encoded, write_id, row_checksum) "
                + "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            region, position, ledger, next.Number, next.Checksum.ToArray(), encoded.ToArray(), write,
            CommitRows.ChecksumOf(region, position, ledger, next.Number, next.Checksum.Span, encoded.Span, write));

        // Pruning kept the commit before, as it was the ledger's last then.
        session.Execute(
            "DELETE FROM commits "
                + "WHERE ledger = $1 AND number = $2 AND position <= (SELECT pruned FROM feeds WHERE region = commits.region)",
            ledger, next.Number - 1);
        var change = new ContentsChange();
        foreach (var operation in commit.Operations) Apply(session, ledger, next.Number, operation, change);
        LedgerRows.MoveHead(session, ledger, commit.Ledger, before, next, change);
    }

    /// <summary>Lets a tag name a manifest.</summary>
    public static void SetTag(SqliteSession session, long ledger, Tag tag, Digest digest, ContentsChange change)
    {
        RemoveTagFrom(change, session, ledger, tag);
        session.Execute(
            "INSERT INTO tags (ledger, name, digest) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET digest = excluded.digest",
            ledger, tag.ToString(), digest.ToKey());
        change.Add(ContentsChecksum.OfTag(tag.ToString(), digest.ToKey()));
    }

    /// <summary>Puts a manifest into a ledger, with the blob links that it implies.</summary>
    public static void PutManifest(SqliteSession session, long ledger, Manifest manifest, ContentsChange change)
    {
        // The same bytes may have been there under another media type, and then named other content.
        DeleteManifest(session, ledger, manifest.Digest, change);
        var digest = manifest.Digest.ToKey();
        session.Execute(
            "INSERT INTO manifests (ledger, digest, media_type, content) VALUES ($1, $2, $3, $4)",
            ledger, digest, manifest.MediaType, manifest.Content.ToArray());
        change.Add(ContentsChecksum.OfManifest(digest, manifest.MediaType, manifest.Content.Span));
        foreach (var reference in manifest.References)
        {
            session.Execute(
                "INSERT OR IGNORE INTO manifest_references (ledger, target, manifest) VALUES ($1, $2, $3)",
                ledger, reference.Digest.ToKey(), digest);
            if (reference.Kind == ContentKind.Blob) BlobLinkRows.Commit(session, ledger, reference.Digest, reference.SizeBytes, change);
        }

        if (manifest.Subject is { } subject)
        {
            session.Execute(
                "INSERT INTO referrers (ledger, subject, digest, artifact_type, descriptor) VALUES ($1, $2, $3, $4, $5)",
                ledger, subject.ToKey(), digest, manifest.ArtifactType, manifest.ReferrerDescriptor.ToArray());
        }
    }

    private static void Apply(SqliteSession session, long ledger, long number, Operation operation, ContentsChange change)
    {
        switch (operation)
        {
            case Operation.ManifestPut put:
                PutManifest(session, ledger, put.Manifest, change);
                break;
            case Operation.TagSet set:
                SetTag(session, ledger, set.Tag, set.Digest, change);
                break;
            case Operation.TagDeleted deleted:
                RemoveTagFrom(change, session, ledger, deleted.Tag);
                session.Execute("DELETE FROM tags WHERE ledger = $1 AND name = $2", ledger, deleted.Tag.ToString());
                break;
            case Operation.ManifestDeleted deleted:
                DeleteManifest(session, ledger, deleted.Digest, change);
                break;
            case Operation.BlobDeleted deleted:
                BlobLinkRows.Delete(session, ledger, deleted.Digest, number, change);
                break;
            case Operation.BlobLinked linked:
                BlobLinkRows.Commit(session, ledger, linked.Digest, linked.SizeBytes, change);
                break;
            default:
                throw new InvalidOperationException($"{operation.GetType().Name} cannot be applied.");
        }
    }

    // What the row holds is subtracted, right or wrong: a damaged row stays a difference for the scan to find.
    private static void RemoveTagFrom(ContentsChange change, SqliteSession session, long ledger, Tag tag)
    {
        using var row = session.Query("SELECT digest FROM tags WHERE ledger = $1 AND name = $2", ledger, tag.ToString());
        if (row.Read()) change.Remove(ContentsChecksum.OfTag(tag.ToString(), row.GetBytes(0)));
    }

    private static void DeleteManifest(SqliteSession session, long ledger, Digest digest, ContentsChange change)
    {
        var manifest = ManifestRows.Find(session, ledger, digest);
        if (manifest is null) return;
        change.Remove(ContentsChecksum.OfManifest(digest.ToKey(), manifest.MediaType, manifest.Content.Span));
        foreach (var reference in manifest.References)
        {
            session.Execute(
                "DELETE FROM manifest_references WHERE ledger = $1 AND target = $2 AND manifest = $3",
                ledger, reference.Digest.ToKey(), digest.ToKey());
        }

        if (manifest.Subject is { } subject)
            session.Execute("DELETE FROM referrers WHERE ledger = $1 AND subject = $2 AND digest = $3", ledger,
                subject.ToKey(), digest.ToKey());
        session.Execute("DELETE FROM manifests WHERE ledger = $1 AND digest = $2", ledger, digest.ToKey());
    }
}
