using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Tests.Commits;

/// <summary>
/// What is no commit is refused as <see cref="InvalidDataException"/>, whatever is wrong with it: it comes from disks and
/// other regions.
/// </summary>
public sealed class CommitCodecRefusalTests
{
    private static readonly byte[] Sha256 = [1, .. Digest.Of([]).ToHash()];

    [Theory]
    [MemberData(nameof(GoldenCommits.Names), MemberType = typeof(GoldenCommits))]
    public void Decode_EveryPrefixOfAGoldenCommit_IsRefused(string name)
    {
        var encoded = GoldenCommits.Encoded(name);
        for (var length = 0; length < encoded.Length; length++) Refuse(encoded[..length]);
    }

    [Theory]
    [MemberData(nameof(GoldenCommits.Names), MemberType = typeof(GoldenCommits))]
    public void Decode_BytesBehindACommit_IsRefused(string name) => Refuse([.. GoldenCommits.Encoded(name), 0]);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    public void Decode_UnknownVersion_IsRefusedWithTheRemedy(byte version) =>
        Assert.Contains("Upgrade this region first", Refuse(WireBytes.Head(version).ToArray()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(255)]
    public void Decode_UnknownLedgerKind_IsRefused(byte kind) =>
        Refuse(WireBytes.Head(kind: kind).Operation(3, new WireBytes().Text("v1")).ToArray());

    [Theory]
    [InlineData(0UL)]
    [InlineData(7UL)]
    [InlineData(127UL)]
    [InlineData((1UL << 32) + 3)]
    [InlineData((1UL << 40) + 3)]
    public void Decode_UnknownOperationKind_IsRefused(ulong kind) =>
        Refuse(WireBytes.Head().Operation(kind, new WireBytes().Text("v1")).ToArray());

    [Fact]
    public void Decode_BytesBehindAnOperation_IsRefused() =>
        Refuse(WireBytes.Head().Operation(3, new WireBytes().Text("v1").Raw(0)).ToArray());

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Decode_UnknownDigestAlgorithm_IsRefused(byte algorithm) =>
        Refuse(WireBytes.Head().Operation(4, WireBytes.Of([algorithm, .. Sha256[1..]])).ToArray());

    [Fact]
    public void Decode_NumberOfMoreThan63Bits_IsRefused() =>
        Refuse(WireBytes.Head(atMilliseconds: 1UL << 63).Operation(3, new WireBytes().Text("v1")).ToArray());

    [Fact]
    public void Decode_TimeThatNoCalendarHas_IsRefused() =>
        Refuse(WireBytes.Head(atMilliseconds: (1UL << 63) - 1).Operation(3, new WireBytes().Text("v1")).ToArray());

    [Theory]
    [InlineData("")]
    [InlineData("EU")]
    [InlineData("far-too-long-for-a-region")]
    public void Decode_NoRegion_IsRefused(string region) =>
        Refuse(WireBytes.Head(region: region).Operation(3, new WireBytes().Text("v1")).ToArray());

    [Theory]
    [InlineData("")]
    [InlineData("-flag")]
    [InlineData("a/b")]
    public void Decode_NoTag_IsRefused(string tag)
    {
        Refuse(WireBytes.Head().Operation(3, new WireBytes().Text(tag)).ToArray());
        Refuse(WireBytes.Head().Operation(2, new WireBytes().Text(tag).Raw(Sha256)).ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"schemaVersion":2}""")]
    public void Decode_NoManifest_IsRefused(string content) =>
        Refuse(WireBytes.Head()
            .Operation(1, WireBytes.Of(Sha256).Text("application/vnd.oci.image.index.v1+json").Text(content))
            .ToArray());

    [Fact]
    public void Decode_MoreOperationsThanBytes_IsRefusedBeforeMemoryIsTaken() =>
        Refuse(WireBytes.Head(operations: int.MaxValue).ToArray());

    [Fact]
    public void Decode_LengthBeyondTheEnd_IsRefused() => Refuse(WireBytes.Head().Number(3).Number(long.MaxValue).ToArray());

    /// <summary>Commits have at least one operation.</summary>
    [Fact]
    public void Decode_NoOperations_IsRefused() => Refuse(WireBytes.Head(operations: 0).ToArray());

    /// <summary>Equal commits have equal bytes, so that replicas have equal checksums: a second way to write one is refused.</summary>
    [Fact]
    public void Decode_NumberWrittenLongerThanNeeded_IsRefused() =>
        Refuse(WireBytes.Of(1, 1).Text("library/golden").Raw(0x83, 0x00).Number(300).Number(0).Text("").Text("eu").Number(1)
            .Operation(3, new WireBytes().Text("v1"))
            .ToArray());

    [Fact]
    public void Decode_TextThatIsNotUtf8_IsRefused() =>
        Refuse(WireBytes.Of(1, 1).Text("library/golden").Number(3).Number(300).Number(0).Raw(2, 0xc3, 0x28).Text("eu").Number(1)
            .Operation(3, new WireBytes().Text("v1"))
            .ToArray());

    /// <summary>A flipped bit anywhere gives another commit or a refusal, never a fault of another kind.</summary>
    [Theory]
    [MemberData(nameof(GoldenCommits.Names), MemberType = typeof(GoldenCommits))]
    public void Decode_EveryBitFlipped_IsRefusedOrAnotherCommit(string name)
    {
        var encoded = GoldenCommits.Encoded(name);
        for (var bit = 0; bit < encoded.Length * 8; bit++)
        {
            var flipped = (byte[])encoded.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            var fault = Record.Exception(() => CommitCodec.Decode(flipped));
            Assert.True(fault is null or InvalidDataException, $"bit {bit}: {fault}");
        }
    }

    private static InvalidDataException Refuse(byte[] encoded) => Assert.Throws<InvalidDataException>(() => CommitCodec.Decode(encoded));
}
