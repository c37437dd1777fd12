using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Reads all rows of one ledger, at one moment, and compares them with its checksums and with each other.</summary>
/// <remarks>Values are taken as the columns have them: a damaged one may be no digest, no name, and no commit.</remarks>
internal sealed class LedgerScan
{
    private readonly SqliteSession _session;
    private readonly long _row;
    private ContentsChecksum _computed, _derivedByManifests, _derivedByRows;
    private string? _contentFault, _commitFault;

    private LedgerScan(SqliteSession session, long row) => (_session, _row) = (session, row);

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

        return new LedgerScan(session, row).Run(id, isNamed, state);
    }

    private LedgerScanResult Run(LedgerId id, bool isNamed, LedgerState state)
    {
        if (!isNamed) Damaged("its name differs from the copy of it");
        _computed = ContentsChecksum.OfHead(id, state.Head);
        ScanManifests();
        ScanTags();
        ScanBlobLinks();
        ScanReferences();
        ScanReferrers();
        if (state.Contents is { } stored && stored != _computed)
            Damaged("the head, manifests, tags and blob links do not match the ledger's checksum");
        if (_derivedByRows != _derivedByManifests) Damaged("the references and referrers do not match the manifests");
        ScanCommits(id, state.Head);
        return new LedgerScanResult(_row, id, state.Head, state.Contents, _computed, _contentFault ?? _commitFault);
    }

    private void ScanManifests() => Scan("SELECT digest, media_type, content FROM manifests WHERE ledger = $1", row =>
    {
        var (key, mediaType, content) = (row.GetBytes(0), row.GetString(1), row.GetBytes(2));
        _computed += ContentsChecksum.OfManifest(key, mediaType, content);
        if (TryRead(key, mediaType, content) is not { } manifest)
        {
            Damaged($"the manifest {Convert.ToHexStringLower(key)} is not what its digest says");
            return;
        }

        foreach (var target in manifest.References.Select(reference => reference.Digest).Distinct())
            _derivedByManifests += OfReference(target.ToKey(), key);
        if (manifest.Subject is { } subject)
            _derivedByManifests += OfReferrer(subject.ToKey(), key, manifest.ArtifactType, manifest.ReferrerDescriptor.Span);
    });

    private void ScanTags() => Scan(
        "SELECT name, digest FROM tags WHERE ledger = $1", row =>
            _computed += ContentsChecksum.OfTag(row.GetString(0), row.GetBytes(1)));

    private void ScanBlobLinks() => Scan(
        "SELECT digest, size FROM blob_links WHERE ledger = $1 AND committed = 1",
        row => _computed += ContentsChecksum.OfBlobLink(row.GetBytes(0), row.GetInt64(1)));

    private void ScanReferences() => Scan(
        "SELECT target, manifest FROM manifest_references WHERE ledger = $1",
        row => _derivedByRows += OfReference(row.GetBytes(0), row.GetBytes(1)));

    private void ScanReferrers() => Scan(
        "SELECT subject, digest, artifact_type, descriptor FROM referrers WHERE ledger = $1",
        row => _derivedByRows += OfReferrer(
            row.GetBytes(0),
            row.GetBytes(1),
            row.IsDBNull(2) ? null : row.GetString(2),
            row.GetBytes(3)));

    // Each row has a checksum of its own, the chain links each with the one before, and the last is the head's.
    private void ScanCommits(LedgerId id, LedgerHead head)
    {
        var (before, end) = (LedgerHead.Empty, default((string Region, long Position)));
        const string Rows =
            "SELECT region, position, number, checksum, encoded, write_id, row_checksum FROM commits WHERE ledger = $1 ORDER BY number";
        Scan(Rows, row =>
        {
            var (region, position, number) = (row.GetString(0), row.GetInt64(1), row.GetInt64(2));
            var (checksum, encoded) = (row.GetBytes(3), row.GetBytes(4));
            var write = row.IsDBNull(5) ? null : row.GetBytes(5);
            var stored = row.IsDBNull(6) ? null : row.GetBytes(6);
            var isWhole = stored is null || stored.AsSpan().SequenceEqual(
                CommitRows.ChecksumOf(region, position, _row, number, checksum, encoded, write));
            var commit = CommitCodec.TryDecode(encoded);
            var isLinked = number != before.Number + 1 || before.After(0, encoded).Checksum.Span.SequenceEqual(checksum);
            if (!isWhole || !isLinked || commit?.Ledger != id || commit.Number != number)
                _commitFault ??= $"commit {number} of the history is damaged";
            // Within an epoch all commits are of one feed, and what is missing came after the one before it.
            if (before.Number > 0 && number > before.Number + 1 && commit?.Epoch == before.Epoch && region == end.Region
                && end.Position >= FeedRows.Pruned(_session, region))
                _commitFault ??= $"commit {before.Number + 1} of the history is missing";
            before = new LedgerHead(commit?.Epoch ?? 0, number, checksum);
            end = (region, position);
        });
        if (_commitFault is null && before.Number > 0 && !before.Equals(head)) Damaged("the head does not match the last commit");
    }

    private void Scan(string sql, Action<SqliteStatement> read)
    {
        using var rows = _session.Query(sql, _row);
        while (rows.Read()) read(rows);
    }

    private void Damaged(string fault) => _contentFault ??= fault;

    private static Manifest? TryRead(byte[] key, string mediaType, byte[] content)
    {
        try
        {
            return ManifestRows.Read(content, mediaType, DigestKeys.FromKey(key));
        }
        catch (Exception e) when (StoreFaults.IsDamage(e))
        {
            return null;
        }
    }

    // Only compared with each other here: never stored, never sent.
    private static ContentsChecksum OfReference(ReadOnlySpan<byte> target, ReadOnlySpan<byte> manifest) =>
        ContentsChecksum.OfManifest(target, "reference", manifest);

    private static ContentsChecksum OfReferrer(ReadOnlySpan<byte> subject, ReadOnlySpan<byte> digest, string? artifactType,
        ReadOnlySpan<byte> descriptor)
    {
        byte[] rest = [(byte)(artifactType is null ? 0 : 1), .. subject, .. descriptor];
        return ContentsChecksum.OfManifest(digest, $"referrer {artifactType}", rest);
    }
}
