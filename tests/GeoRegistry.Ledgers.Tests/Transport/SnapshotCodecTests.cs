using GeoRegistry.Ledgers.Transport;
using static GeoRegistry.Ledgers.Tests.Transport.GoldenTransport;

namespace GeoRegistry.Ledgers.Tests.Transport;

public sealed class SnapshotCodecTests
{
    private static readonly byte[] Head = [1, 1, 1, (byte)'a', 1, 1, 0];

    [Fact]
    public void Write_GoldenSnapshot_GivesTheBytesOfItsFile()
    {
        using var output = new MemoryStream();
        SnapshotCodec.Write(output, Snapshot);

        Assert.Equal(Convert.ToHexStringLower(Encoded("snapshot")), Convert.ToHexStringLower(output.ToArray()));
    }

    [Fact]
    public void Read_GoldenFile_GivesTheSnapshotAsOftenAsItIsEnumerated()
    {
        var snapshot = SnapshotCodec.Read(() => new MemoryStream(Encoded("snapshot")));

        Assert.Equal(Snapshot.Ledger, snapshot.Ledger);
        Assert.Equal(Snapshot.Head, snapshot.Head);
        Assert.Equal(Snapshot.Entries.Select(Describe), snapshot.Entries.Select(Describe));
        Assert.Equal(Snapshot.Entries.Select(Describe), snapshot.Entries.Select(Describe));
    }

    [Fact]
    public void Read_CutShortAnywhere_IsRefused()
    {
        var encoded = Encoded("snapshot");
        for (var length = 0; length < encoded.Length; length++) Refuse(encoded[..length]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Read_UnknownVersion_IsRefusedWithTheWayOut(byte version) =>
        Assert.Contains("Upgrade this region first", Refuse(Frame([version, .. Head[1..]])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(255)]
    public void Read_UnknownLedgerKind_IsRefused(byte kind) => Refuse([.. Frame([1, kind, .. Head[2..]]), .. Frame(0)]);

    [Theory]
    [InlineData(5)]
    [InlineData(255)]
    public void Read_UnknownEntryKind_IsRefusedWithTheWayOut(byte kind) =>
        Assert.Contains(
            "Upgrade this region first", Refuse([.. Frame(Head), .. Frame(kind), .. Frame(0)]).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_BytesBehindTheHead_IsRefused() => Refuse([.. Frame([.. Head, 0]), .. Frame(0)]);

    [Fact]
    public void Read_BytesBehindTheEnd_InItsFrame_IsRefused() => Refuse([.. Frame(Head), .. Frame(0, 0)]);

    [Fact]
    public void Read_FrameLargerThanAllowed_IsRefusedBeforeMemoryIsTaken() => Refuse([0x7f, 0xff, 0xff, 0xff]);

    [Theory]
    [InlineData(new byte[] { 2, 1, (byte)'/', 1 })]
    [InlineData(new byte[] { 1, 3 })]
    [InlineData(new byte[] { 3, 1, 0 })]
    public void Read_EntryThatIsNone_IsRefused(byte[] entry) => Refuse([.. Frame(Head), .. Frame(entry), .. Frame(0)]);

    private static InvalidDataException Refuse(byte[] encoded) =>
        Assert.Throws<InvalidDataException>(() => SnapshotCodec.Read(() => new MemoryStream(encoded)).Entries.Count());
}
