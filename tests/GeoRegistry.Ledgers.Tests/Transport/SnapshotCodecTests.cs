using GeoRegistry.Ledgers.Transport;
using static GeoRegistry.Ledgers.Tests.Transport.GoldenTransport;

namespace GeoRegistry.Ledgers.Tests.Transport;

public sealed class SnapshotCodecTests
{
    private static readonly byte[] Head = [1, 1, 1, (byte)'a', 1, 1, 0];

    [Fact]
    public async Task WriteAsync_GoldenSnapshot_GivesTheBytesOfItsFile()
    {
        using var output = new MemoryStream();
        await SnapshotCodec.WriteAsync(output, Snapshot);

        Assert.Equal(Convert.ToHexStringLower(Encoded("snapshot")), Convert.ToHexStringLower(output.ToArray()));
    }

    [Fact]
    public async Task ReadAsync_GoldenFile_GivesTheSnapshotAsOftenAsItIsEnumerated()
    {
        var snapshot = await SnapshotCodec.ReadAsync(() => new MemoryStream(Encoded("snapshot")));

        Assert.Equal(Snapshot.Ledger, snapshot.Ledger);
        Assert.Equal(Snapshot.Head, snapshot.Head);
        for (var times = 0; times < 2; times++)
            Assert.Equal(
                await Snapshot.Entries.Select(Describe).ToListAsync(), await snapshot.Entries.Select(Describe).ToListAsync());
    }

    [Fact]
    public async Task ReadAsync_CutShortAnywhere_IsRefused()
    {
        var encoded = Encoded("snapshot");
        for (var length = 0; length < encoded.Length; length++) await RefuseAsync(encoded[..length]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task ReadAsync_UnknownVersion_IsRefusedWithTheRemedy(byte version) => Assert.Contains(
        "Upgrade this region first", (await RefuseAsync(Frame([version, .. Head[1..]]))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(255)]
    public Task ReadAsync_UnknownLedgerKind_IsRefused(byte kind) => RefuseAsync([.. Frame([1, kind, .. Head[2..]]), .. Frame(0)]);

    [Theory]
    [InlineData(5)]
    [InlineData(255)]
    public async Task ReadAsync_UnknownEntryKind_IsRefusedWithTheRemedy(byte kind) => Assert.Contains(
        "Upgrade this region first",
        (await RefuseAsync([.. Frame(Head), .. Frame(kind), .. Frame(0)])).Message,
        StringComparison.Ordinal);

    [Fact]
    public Task ReadAsync_BytesBehindTheHead_IsRefused() => RefuseAsync([.. Frame([.. Head, 0]), .. Frame(0)]);

    [Fact]
    public Task ReadAsync_BytesBehindTheEnd_InItsFrame_IsRefused() => RefuseAsync([.. Frame(Head), .. Frame(0, 0)]);

    [Fact]
    public Task ReadAsync_FrameLargerThanAllowed_IsRefusedBeforeMemoryIsTaken() => RefuseAsync([0x7f, 0xff, 0xff, 0xff]);

    [Theory]
    [InlineData(new byte[] { 2, 1, (byte)'/', 1 })]
    [InlineData(new byte[] { 1, 3 })]
    [InlineData(new byte[] { 3, 1, 0 })]
    public Task ReadAsync_EntryThatIsNone_IsRefused(byte[] entry) => RefuseAsync([.. Frame(Head), .. Frame(entry), .. Frame(0)]);

    private static Task<InvalidDataException> RefuseAsync(byte[] encoded) => Assert.ThrowsAsync<InvalidDataException>(async () =>
    {
        var snapshot = await SnapshotCodec.ReadAsync(() => new MemoryStream(encoded));
        await snapshot.Entries.CountAsync();
    });
}
