using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.Storage.Tests.Sqlite;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Scale;

/// <summary>
/// A store in whose repository there are already this many tags and blobs, and in whose hydration queue so many more;
/// they are made by SQL, as pushing them would take hours.
/// </summary>
internal sealed class BigRegistry : IAsyncDisposable
{
    public static readonly RepositoryName Repository = RepositoryName.Parse("scale/sample");

    /// <summary>There are repositories too to which blobs were uploaded and nothing was committed: one for so many blobs.</summary>
    private const int BlobsPerEmptyRepository = 10;

    private readonly SqliteStoreFixture _fixture;

    private BigRegistry(SqliteStoreFixture fixture, long tags, long queued, LedgerHead head)
    {
        (_fixture, Tags, Queued) = (fixture, tags, queued);
        Ledger = new SampleLedger(() => fixture.Store, Repository.ToString()) { Head = head };
    }

    public long Tags { get; }

    /// <summary>
    /// How many blobs are queued, each for a commit of its own, two for each of as many repositories: of ten, one is a
    /// dead letter and four were deferred.
    /// </summary>
    public long Queued { get; }

    /// <summary>The region that they come from.</summary>
    public static RegionId Source { get; } = RegionId.Parse("us");

    public SqliteMetadataStore Store => _fixture.Store;

    public SampleLedger Ledger { get; }

    /// <summary>The manifest that all tags name, and a blob of it; in every registry.</summary>
    public static SampleBlob Layer { get; } = SampleBlob.Of("layer");

    public static Protocol.Manifests.Manifest Image { get; } = SampleManifests.Image("scale", layers: Layer);

    public static async Task<BigRegistry> CreateAsync(long tags, long blobs, long queued)
    {
        var fixture = new SqliteStoreFixture();
        var first = new SampleLedger(() => fixture.Store, Repository.ToString());
        await first.PutAsync(Image);
        await fixture.Store.DisposeAsync();
        var digest = $"X'01{Image.Digest.Hex}'";
        fixture.Execute(
            $"""
            PRAGMA synchronous = OFF;
            PRAGMA cache_size = -262144;
            BEGIN IMMEDIATE;
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {tags})
            INSERT INTO tags (ledger, name, digest)
            SELECT (SELECT id FROM ledgers WHERE name = '{Repository}'), printf('tag-%09d', i), {digest} FROM n WHERE {tags} > 0;
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {blobs})
            INSERT OR IGNORE INTO blob_links (digest, ledger, size)
            SELECT unhex('01' || printf('%016x', i * 3) || '{new string('5', 48)}'),
                (SELECT id FROM ledgers WHERE name = '{Repository}'), i FROM n WHERE {blobs} > 0;
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {blobs / BlobsPerEmptyRepository})
            INSERT INTO ledgers (kind, name, epoch, number, checksum)
            SELECT 1, printf('only-blobs/r%09d', i), 0, 0, zeroblob(32) FROM n WHERE {blobs} > 0;
            {FillOfQueue(queued)}
            COMMIT;
            PRAGMA wal_checkpoint(TRUNCATE);
            """);
        await fixture.ReopenAsync();
        return new BigRegistry(fixture, tags, queued, first.Head);
    }

    /// <summary>A tag that is there: of the fill where there is one.</summary>
    public Tag TagAt(long place) => Tag.Parse($"tag-{place:d9}");

    /// <summary>A digest within the order of the blobs of the fill.</summary>
    public static Digest BlobAt(long place, char filler) => Digest.Parse($"sha256:{place * 3:x16}{new string(filler, 48)}");

    /// <summary>A blob of the queue, wherever the place is.</summary>
    public Digest QueuedAt(long place) => BlobAt(place % Queued, '7');

    private static string FillOfQueue(long queued) =>
        $"""
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {queued / 2})
        INSERT INTO ledgers (id, kind, name, epoch, number, checksum)
        SELECT 1000000000 + i, 1, printf('queued/r%09d', i), 0, 0, zeroblob(32) FROM n;
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {queued})
        INSERT INTO hydration (id, digest, size, origin, ledger, since, attempts, not_before, dead, error)
        SELECT i + 1, unhex('01' || printf('%016x', i * 3) || '{new string('7', 48)}'), 1,
            '{Source}', 1000000000 + i / 2, 1700000000000 + i,
            i % 10 < 5, iif(i % 10 < 5, 1700000000000 + i, 0), i % 10 = 0, iif(i % 10 < 5, 'the region did not answer', NULL) FROM n;
        INSERT INTO hydration_waits (blob, source, position, ledger) SELECT id, '{Source}', id, ledger FROM hydration;
        INSERT INTO hydration_commits (source, position, ledger, at, blobs) SELECT '{Source}', id, ledger, since, 1 FROM hydration;
        INSERT INTO hydration_regions (source, commits, blobs, bytes, dead)
        SELECT '{Source}', count(*), count(*), sum(size), sum(dead) FROM hydration;
        INSERT INTO hydration_ledgers (ledger, commits, blobs, bytes, oldest)
        SELECT ledger, count(*), count(*), sum(size), min(since) FROM hydration GROUP BY ledger;
        """;

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();
}
