using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Storage.PostgreSql.Connections;
using GeoRegistry.Storage.PostgreSql.Writes;

namespace GeoRegistry.Storage.PostgreSql;

public sealed partial class PostgreSqlMetadataStore
{
    /// <inheritdoc/>
    public async ValueTask<Manifest?> FindManifestAsync(
        RepositoryName repository, Digest digest, CancellationToken cancellation = default)
    {
        var found = await ListAsync(
            row => StoredManifest.Read(row.GetBytes(1), row.GetString(0), digest),
            $"SELECT media_type, content FROM manifests WHERE ledger = {LedgerRows.Id} AND digest = $3",
            Values(repository, digest.ToKey()), cancellation).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : null;
    }

    /// <inheritdoc/>
    public ValueTask<Digest?> FindTagAsync(RepositoryName repository, Tag tag, CancellationToken cancellation = default) => FindAsync(
        row => DigestKeys.FromKey(row.GetBytes(0)),
        $"SELECT digest FROM tags WHERE ledger = {LedgerRows.Id} AND name = $3",
        Values(repository, tag.ToString()), cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Tag>> ListTagsOfAsync(
        RepositoryName repository, Digest digest, CancellationToken cancellation = default) => ListAsync(
        row => Tag.Parse(row.GetString(0)),
        $"SELECT name FROM tags WHERE ledger = {LedgerRows.Id} AND digest = $3 ORDER BY name",
        Values(repository, digest.ToKey()), cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Tag>> ListTagsAsync(
        RepositoryName repository, string? after, int limit, CancellationToken cancellation = default) => ListAsync(
        row => Tag.Parse(row.GetString(0)),
        $"SELECT name FROM tags WHERE ledger = {LedgerRows.Id} AND name > $3 ORDER BY name LIMIT $4",
        Values(repository, after ?? "", limit), cancellation);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Referrer>> ListReferrersAsync(
        RepositoryName repository,
        Digest subject,
        string? artifactType,
        Digest? after,
        int limit,
        int enoughBytes = int.MaxValue,
        CancellationToken cancellation = default)
    {
        // After rows that are enough one more is given.
        var filter = artifactType is null ? "" : "AND artifact_type = $7";
        object[] values = Values(repository, subject.ToKey(), after?.ToKey() ?? [], limit, (long)enoughBytes);
        return await ListAsync(
            row => new Referrer(DigestKeys.FromKey(row.GetBytes(0)), row.GetBytes(1)),
            $"""
            SELECT digest, descriptor FROM (
                SELECT digest, descriptor, coalesce(sum(octet_length(descriptor)) OVER (
                    ORDER BY digest ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING), 0) AS before_last
                FROM (
                    SELECT digest, descriptor FROM referrers
                    WHERE ledger = {LedgerRows.Id} AND subject = $3 AND digest > $4 {filter} ORDER BY digest LIMIT $5) AS page) AS summed
            WHERE before_last < $6 ORDER BY digest
            """,
            artifactType is null ? values : [.. values, artifactType], cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<Digest?> FindReferenceToAsync(
        RepositoryName repository, Digest content, CancellationToken cancellation = default) => FindAsync(
        row => DigestKeys.FromKey(row.GetBytes(0)),
        $"SELECT manifest FROM manifest_references WHERE ledger = {LedgerRows.Id} AND target = $3 LIMIT 1",
        Values(repository, content.ToKey()), cancellation);

    /// <inheritdoc/>
    public async ValueTask<bool> ExistsAsync(RepositoryName repository, CancellationToken cancellation = default) =>
        (await ReadHeadAsync(LedgerId.Of(repository), cancellation).ConfigureAwait(false)).Number > 0;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RepositoryName>> ListRepositoriesAsync(
        string? after, int limit, CancellationToken cancellation = default) => ListAsync(
        row => RepositoryName.Parse(row.GetString(0)),
        """
        SELECT name FROM ledgers WHERE kind = 1 AND number > 0 AND name > $1
            AND EXISTS (SELECT 1 FROM manifests WHERE ledger = ledgers.id) ORDER BY name LIMIT $2
        """,
        [after ?? "", limit], cancellation);

    /// <inheritdoc/>
    public ValueTask<long?> FindBlobAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) =>
        FindAsync(
            row => row.GetInt64(0), $"SELECT size FROM blob_links WHERE digest = $3 AND ledger = {LedgerRows.Id}",
            Values(repository, digest.ToKey()), cancellation);

    /// <inheritdoc/>
    public async ValueTask<bool> IsBlobCommittedAsync(
        RepositoryName repository, Digest digest, CancellationToken cancellation = default) => await FindAsync(
        row => row.GetInt64(0), $"SELECT size FROM blob_links WHERE digest = $3 AND ledger = {LedgerRows.Id} AND committed",
        Values(repository, digest.ToKey()), cancellation).ConfigureAwait(false) is not null;

    /// <inheritdoc/>
    public ValueTask<long?> FindBlobAnywhereAsync(Digest digest, CancellationToken cancellation = default) => FindAsync(
        row => row.GetInt64(0), "SELECT size FROM blob_links WHERE digest = $1 LIMIT 1", [digest.ToKey()], cancellation);

    /// <inheritdoc/>
    public Task<BlobAnnouncement?> LinkBlobAsync(RepositoryName repository, Digest digest, long sizeBytes, bool announce = false,
        CancellationToken cancellation = default) =>
        _writer.WriteAsync(new PendingLink(repository, digest, sizeBytes, announce, cancellation), cancellation);

    private static object[] Values(RepositoryName repository, params ReadOnlySpan<object> more) =>
        LedgerRows.Values(LedgerId.Of(repository), more);
}
