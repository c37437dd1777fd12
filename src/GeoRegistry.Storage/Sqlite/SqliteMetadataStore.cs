using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The embedded metadata store: one SQLite file, for regions of one process.</summary>
public sealed partial class SqliteMetadataStore
    : ILedgerStore, IRepositoryTables, IReplicaStore, IHydrationQueue, IRegionRecord, IAnnouncements, ILedgerVerification,
        IMetadataArchive, IStoreHealth, IAsyncDisposable
{
    private readonly SqliteWriter _writer;
    private readonly SqliteReaders _readers;
    private readonly RegionId _region;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<RegionId, PositionSignal> _feeds = new();

    /// <summary>What was damaged when the database was opened, and is yet to be reported.</summary>
    private readonly ConcurrentDictionary<long, bool> _restoredNames = new();
    private readonly ConcurrentDictionary<string, bool> _restoredFeeds = new();

    /// <summary>Opens the database, which is made or upgraded where needed.</summary>
    /// <param name="path">The file; SQLite keeps two more beside it.</param>
    /// <param name="region">The region that the store belongs to.</param>
    /// <param name="time">Tells when snapshots were installed; null for the system's clock.</param>
    /// <exception cref="InvalidDataException">The database was written by a newer build.</exception>
    public SqliteMetadataStore(string path, RegionId region, TimeProvider? time = null)
    {
        _region = region;
        _time = time ?? TimeProvider.System;
        SyncLog(path);
        var calls = StoreCalls.OfMetadata("sqlite");
        _writer = new SqliteWriter(path, _ => Begin(path), calls);
        DirectorySync.Sync(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _readers = new SqliteReaders(path, calls);
    }

    /// <inheritdoc/>
    public string StoreName => "metadata";

    /// <summary>
    /// Lets SQLite keep in a folder what it has no memory for while it sorts: for the whole process, and before its first store is
    /// opened. Such a file has no name while it is open.
    /// </summary>
    public static void KeepTemporaryFilesIn(string folder)
    {
        using var session = new SqliteSession(":memory:", 0);
        session.ExecuteScript($"PRAGMA temp_store_directory = '{folder.Replace("'", "''", StringComparison.Ordinal)}';");
    }

    /// <inheritdoc/>
    public ValueTask<Manifest?> FindManifestAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) =>
        Read(session => ManifestRows.Find(session, Ledger(session, repository), digest));

    /// <inheritdoc/>
    public ValueTask<Digest?> FindTagAsync(RepositoryName repository, Tag tag, CancellationToken cancellation = default) =>
        Read<Digest?>(session =>
        {
            using var row = session.Query(
                "SELECT digest FROM tags WHERE ledger = $1 AND name = $2", Ledger(session, repository), tag.ToString());
            return row.Read() ? DigestKeys.FromKey(row.GetBytes(0)) : null;
        });

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Tag>> ListTagsOfAsync(
        RepositoryName repository, Digest digest, CancellationToken cancellation = default) =>
        Read<IReadOnlyList<Tag>>(session => session.List(
            row => Tag.Parse(row.GetString(0)),
            "SELECT name FROM tags WHERE ledger = $1 AND digest = $2 ORDER BY name", Ledger(session, repository), digest.ToKey()));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Tag>> ListTagsAsync(
        RepositoryName repository, string? after, int limit, CancellationToken cancellation = default) =>
        Read<IReadOnlyList<Tag>>(session => session.List(
            row => Tag.Parse(row.GetString(0)),
            "SELECT name FROM tags WHERE ledger = $1 AND name > $2 ORDER BY name LIMIT $3",
            Ledger(session, repository), after ?? "", (long)limit));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Referrer>> ListReferrersAsync(
        RepositoryName repository,
        Digest subject,
        string? artifactType,
        Digest? after,
        int limit,
        int enoughBytes = int.MaxValue,
        CancellationToken cancellation = default) =>
        Read<IReadOnlyList<Referrer>>(session =>
        {
            var filter = artifactType is null ? "" : "AND artifact_type = $5";
            using var rows = session.Query(
                "SELECT digest, descriptor FROM referrers "
                    + $"WHERE ledger = $1 AND subject = $2 AND digest > $3 {filter} ORDER BY digest LIMIT $4",
                artifactType is null
                    ? [Ledger(session, repository), subject.ToKey(), after?.ToKey() ?? [], (long)limit]
                    : [Ledger(session, repository), subject.ToKey(), after?.ToKey() ?? [], (long)limit, artifactType]);
            var referrers = new List<Referrer>();
            for (var bytes = 0L; rows.Read(); bytes += referrers[^1].Descriptor.Length)
            {
                referrers.Add(new Referrer(DigestKeys.FromKey(rows.GetBytes(0)), rows.GetBytes(1)));
                if (bytes >= enoughBytes) break;
            }

            return referrers;
        });

    /// <inheritdoc/>
    public ValueTask<Digest?> FindReferenceToAsync(RepositoryName repository, Digest content, CancellationToken cancellation = default) =>
        Read<Digest?>(session =>
        {
            using var row = session.Query(
                "SELECT manifest FROM manifest_references WHERE ledger = $1 AND target = $2 LIMIT 1",
                Ledger(session, repository), content.ToKey());
            return row.Read() ? DigestKeys.FromKey(row.GetBytes(0)) : null;
        });

    /// <inheritdoc/>
    public ValueTask<bool> ExistsAsync(RepositoryName repository, CancellationToken cancellation = default) =>
        Read(session => LedgerRows.Find(session, LedgerId.Of(repository)).State.Head.Number > 0);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RepositoryName>> ListRepositoriesAsync(
        string? after, int limit, CancellationToken cancellation = default) =>
        Read<IReadOnlyList<RepositoryName>>(session => session.List(
            row => RepositoryName.Parse(row.GetString(0)),
            """
            SELECT name FROM ledgers INDEXED BY repositories
            WHERE kind = 1 AND number > 0 AND name > $1 AND EXISTS (SELECT 1 FROM manifests WHERE ledger = ledgers.id)
                AND EXISTS (SELECT 1 FROM ledger_names WHERE ledger_names.id = ledgers.id AND ledger_names.name = ledgers.name)
            ORDER BY name LIMIT $2
            """,
            after ?? "",
            (long)limit));

    /// <inheritdoc/>
    public ValueTask<long?> FindBlobAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) =>
        Read(session => session.Number(
            "SELECT size FROM blob_links WHERE digest = $1 AND ledger = (SELECT id FROM ledgers WHERE kind = 1 AND name = $2)",
            digest.ToKey(), repository.ToString()));

    /// <inheritdoc/>
    public ValueTask<bool> IsBlobCommittedAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) =>
        Read(session => session.Number(
            "SELECT 1 FROM blob_links WHERE digest = $1 AND ledger = $2 AND committed = 1",
            digest.ToKey(), Ledger(session, repository)) is not null);

    /// <inheritdoc/>
    public ValueTask<long?> FindBlobAnywhereAsync(Digest digest, CancellationToken cancellation = default) =>
        Read(session => session.Number("SELECT size FROM blob_links WHERE digest = $1 LIMIT 1", digest.ToKey()));

    /// <inheritdoc/>
    public Task<BlobAnnouncement?> LinkBlobAsync(RepositoryName repository, Digest digest, long sizeBytes, bool announce = false,
        CancellationToken cancellation = default) =>
        _writer.WriteAsync(
            session =>
            {
                var (ledger, _) = LinkUpload(session, repository, digest, sizeBytes);
                return announce
                    ? AnnouncementRows.Add(session, _region.ToString(), ledger, repository, digest, sizeBytes, _time.GetUtcNow())
                    : null;
            },
            cancellation);

    /// <summary>Reads as pulls do.</summary>
    /// <inheritdoc/>
    public async Task CheckReadAsync(CancellationToken cancellation = default) =>
        await Read(session => session.Number("SELECT count(*) FROM ledgers WHERE id = 0")).ConfigureAwait(false);

    /// <summary>
    /// Commits a transaction that writes a page as it is, behind the writes that wait, which fails where the disk is
    /// full, read-only or gone.
    /// </summary>
    /// <inheritdoc/>
    public Task CheckWriteAsync(CancellationToken cancellation = default) => _writer.WriteAsync(Schema.RewriteVersion, cancellation);

    /// <summary>Completes the writes that wait, then closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        _readers.Dispose();
    }

    // What everything else rests on is made whole before anybody reads it: which ledger is whose, and which feed the region has.
    private void Begin(string path)
    {
        using var session = new SqliteSession(path, SqliteReaders.CacheSizeBytes);
        session.Execute("BEGIN IMMEDIATE");
        foreach (var ledger in LedgerNames.Restore(session)) _restoredNames[ledger] = true;
        foreach (var feed in FeedRows.Begin(session, _region.ToString())) _restoredFeeds[feed] = true;
        session.Execute("COMMIT");
    }

    // A process that was killed may have left commits in the log that are not on disk. They are visible, and nothing that is decided on
    // them writes them again: they are put on disk before anybody sees them.
    private static void SyncLog(string path)
    {
        if (!File.Exists($"{path}-wal")) return;
        using var log = File.OpenHandle($"{path}-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(log);
    }

    private static (long Ledger, long Number) LinkUpload(SqliteSession session, RepositoryName repository, Digest digest, long sizeBytes)
    {
        var (ledger, (head, _)) = LedgerRows.Find(session, LedgerId.Of(repository));
        if (ledger == 0) ledger = LedgerRows.Add(session, LedgerId.Of(repository));
        BlobLinkRows.Upload(session, ledger, digest, sizeBytes, head.Number);
        return (ledger, head.Number);
    }

    private static long Ledger(SqliteSession session, RepositoryName repository) =>
        LedgerRows.Find(session, LedgerId.Of(repository)).Ledger;

    private Task WriteAsync(Action<SqliteSession> write, CancellationToken cancellation, [CallerMemberName] string operation = "") =>
        _writer.WriteAsync(
            session =>
            {
                write(session);
                return true;
            },
            cancellation,
            operation);

    private ValueTask<T> Read<T>(Func<SqliteSession, T> read, [CallerMemberName] string operation = "") =>
        new(_readers.Read(read, operation));
}
