using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Tests.Commits;
using GeoRegistry.Ledgers.Tests.Transport;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Tests.Archives;

/// <summary>The form of archives: backups are kept for years. The file was written from the format's description.</summary>
public sealed class ArchiveTests
{
    private static readonly byte[] Content = """{"schemaVersion":2,"manifests":[]}"""u8.ToArray();

    private static readonly byte[] Checksum = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static readonly byte[] Golden = GoldenTransport.Encoded("archive");

    private static readonly RegionId Eu = RegionId.Parse("eu"), Us = RegionId.Parse("us");

    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);

    private static readonly ArchiveRecord[] Records =
    [
        new ArchiveRecord.OfHeader(Eu, Incarnation.Parse("5a3917e0"), At),
        new ArchiveRecord.OfRegion(new RegionRecord("topology"u8.ToArray(), TimeSpan.FromSeconds(5), 300)),
        new ArchiveRecord.OfFeed(Us, 301, new FeedCursor(Incarnation.Parse("0badcafe"), 300, Checksum), 2, 1, 7),
        new ArchiveRecord.OfAnnouncementsDone(Us, 400),
        new ArchiveRecord.OfAnnouncementTaken(Us, 401, 6),
        new ArchiveRecord.OfSetAside(new LedgerSetAside(Us, Ledger("library/aside"), "it is damaged there", 2, At)),
        new ArchiveRecord.OfLedger(Ledger("library/golden"), new LedgerHead(3, 300, Checksum)),
        new ArchiveRecord.OfBlob(Digest.Of("a"u8), 1, IsCommitted: true, Uploaded: 299),
        new ArchiveRecord.OfBlob(Digest.Of("b"u8), 300, IsCommitted: true, Uploaded: null),
        new ArchiveRecord.OfManifest(
            ((ManifestReading.Accepted)ManifestReader.Read(Content, MediaTypes.OciImageIndex, Digest.Of(Content))).Manifest),
        new ArchiveRecord.OfTag(Tag.Parse("v1.0"), Digest.Of(Content)),
        new ArchiveRecord.OfCommit(Us, 300, 300, Checksum, GoldenCommits.Encoded("tag-deleted")),
        new ArchiveRecord.OfAnnouncement(500, Digest.Of("a"u8), 1, 0),
        new ArchiveRecord.OfAwaitedBlob(
            new MissingBlob(Digest.Of("b"u8), 300, Us), Us, 300, Ledger("library/golden"), At.ToUnixTimeMilliseconds()),
    ];

    [Fact]
    public async Task WriteAsync_GoldenRecords_GivesTheBytesOfTheirFile() =>
        Assert.Equal(Convert.ToHexStringLower(Golden), Convert.ToHexStringLower(await WriteAsync(Records)));

    [Fact]
    public async Task ReadAsync_GoldenFile_GivesRecordsThatAreWrittenAsTheSame()
    {
        var records = await ArchiveReader.ReadAsync(new MemoryStream(Golden)).ToListAsync();

        Assert.Equal(Records.Select(record => record.GetType()), records.Select(record => record.GetType()));
        Assert.Equal(Golden, await WriteAsync(records));
    }

    [Fact]
    public async Task CheckAsync_AnyByteDamagedOrMissing_IsRefused()
    {
        Assert.Equal(
            "1 ledgers, 1 manifests, 1 tags, 1 commits, 2 blob links",
            (await ArchiveReader.CheckAsync(new MemoryStream(Golden))).ToString());
        for (var at = 0; at < Golden.Length; at++)
        {
            var damaged = (byte[])Golden.Clone();
            damaged[at] ^= 1;
            await Assert.ThrowsAsync<InvalidDataException>(() => ArchiveReader.CheckAsync(new MemoryStream(damaged)));
            await Assert.ThrowsAsync<InvalidDataException>(() => ArchiveReader.CheckAsync(new MemoryStream(Golden[..at])));
        }
    }

    [Fact]
    public async Task CheckAsync_AnotherMoment_HasTheSameContents()
    {
        var later = await WriteAsync(
            Records.Select(record => record is ArchiveRecord.OfHeader header ? header with { At = At.AddDays(1) } : record));

        Assert.Equal(
            (await ArchiveReader.CheckAsync(new MemoryStream(Golden))).Contents,
            (await ArchiveReader.CheckAsync(new MemoryStream(later))).Contents);
    }

    [Fact]
    public async Task WriteAsync_LedgerWithoutTheContentsOfItsChecksum_IsRefused()
    {
        var records = Records.Select(
            record => record is ArchiveRecord.OfLedger ledger ? ledger with { Contents = ContentsChecksum.Empty } : record);

        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => WriteAsync(records));

        Assert.Contains("repository:library/golden is damaged", fault.Message, StringComparison.Ordinal);
    }

    private static LedgerId Ledger(string name) => LedgerId.Of(RepositoryName.Parse(name));

    private static async Task<byte[]> WriteAsync(IEnumerable<ArchiveRecord> records)
    {
        using var output = new MemoryStream();
        using var writer = new ArchiveWriter(output);
        foreach (var record in records) await writer.WriteAsync(record);
        await writer.EndAsync();
        return output.ToArray();
    }
}
