using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.Storage.Tests.Sqlite;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Scale;

/// <summary>A store in whose repository there are already this many tags and blobs; they are made by SQL, as pushing them would take hours.</summary>
internal sealed class BigRegistry : IAsyncDisposable
{
    public static readonly RepositoryName Repository = RepositoryName.Parse("scale/sample");

    /// <summary>There are repositories too to which blobs were uploaded and nothing was committed: one for so many blobs.</summary>
    private const int BlobsPerEmptyRepository = 10;

    private readonly SqliteStoreFixture _fixture;

    private BigRegistry(SqliteStoreFixture fixture, long tags, LedgerHead head)
    {
        (_fixture, Tags) = (fixture, tags);
        Ledger = new SampleLedger(() => fixture.Store, Repository.ToString()) { Head = head };
    }

    public long Tags { get; }

    public SqliteMetadataStore Store => _fixture.Store;

    public SampleLedger Ledger { get; }

    /// <summary>The manifest that all tags name, and a blob of it; in every registry.</summary>
    public static SampleBlob Layer { get; } = SampleBlob.Of("layer");

    public static Protocol.Manifests.Manifest Image { get; } = SampleManifests.Image("scale", layers: Layer);

    public static async Task<BigRegistry> CreateAsync(long tags, long blobs)
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
            SELECT unhex('01' || printf('%016x', i * 3) || '{new string('5', 48)}'), (SELECT id FROM ledgers WHERE name = '{Repository}'), i FROM n WHERE {blobs} > 0;
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {blobs / BlobsPerEmptyRepository})
            INSERT INTO ledgers (kind, name, epoch, number, checksum)
            SELECT 1, printf('only-blobs/r%09d', i), 0, 0, zeroblob(32) FROM n WHERE {blobs} > 0;
            COMMIT;
            PRAGMA wal_checkpoint(TRUNCATE);
            """);
        await fixture.ReopenAsync();
        return new BigRegistry(fixture, tags, first.Head);
    }

    /// <summary>A tag that is there: of the fill where there is one.</summary>
    public Tag TagAt(long place) => Tag.Parse($"tag-{place:d9}");

    /// <summary>A digest within the order of the blobs of the fill.</summary>
    public static Digest BlobAt(long place, char filler) => Digest.Parse($"sha256:{place * 3:x16}{new string(filler, 48)}");

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();
}
