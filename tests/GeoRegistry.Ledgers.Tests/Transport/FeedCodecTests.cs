using System.Buffers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using static GeoRegistry.Ledgers.Tests.Transport.GoldenTransport;

namespace GeoRegistry.Ledgers.Tests.Transport;

public sealed class FeedCodecTests
{
    [Fact]
    public void Write_GoldenFeed_GivesTheBytesOfItsFile()
    {
        var output = new ArrayBufferWriter<byte>();
        for (var i = 0; i < Feed.Count; i++) FeedCodec.Write(output, Feed[i], withhold: i == 1);

        Assert.Equal(Convert.ToHexStringLower(Encoded("feed")), Convert.ToHexStringLower(output.WrittenSpan));
    }

    [Fact]
    public void TryRead_GoldenFile_GivesTheFeed()
    {
        var received = new ReadOnlySequence<byte>(Encoded("feed"));
        for (var i = 0; i < Feed.Count; i++)
        {
            Assert.True(FeedCodec.TryRead(ref received, out var entry));
            Assert.Equal(Feed[i].Position, entry.Position);
            Assert.Equal(i == 1 ? [] : Feed[i].Encoded.ToArray(), entry.Encoded.ToArray());
            Assert.Equal(i == 1 ? [] : Feed[i].Checksum.ToArray(), entry.Checksum.ToArray());
        }

        Assert.False(FeedCodec.TryRead(ref received, out _));
        Assert.True(received.IsEmpty);
    }

    /// <summary>Bytes come as the network cuts them: whatever has come, whole entries are read and the rest is left.</summary>
    [Fact]
    public void TryRead_CutShortAnywhere_ReadsTheWholeEntriesAndLeavesTheRest()
    {
        var encoded = Encoded("feed");
        for (var length = 0; length < encoded.Length; length++)
        {
            var received = new ReadOnlySequence<byte>(encoded, 0, length);
            var read = 0;
            while (FeedCodec.TryRead(ref received, out var entry)) Assert.Equal(Feed[read++].Position, entry.Position);
            var before = received.Length;

            Assert.True(read < Feed.Count, $"{read} entries in {length} bytes");
            Assert.False(FeedCodec.TryRead(ref received, out _));
            Assert.Equal(before, received.Length);
        }
    }

    [Fact]
    public void TryRead_InSegmentsOfOneByte_ReadsTheSame()
    {
        var received = ByteByByte(Encoded("feed"));
        var positions = new List<long>();
        while (positions.Count <= Feed.Count && FeedCodec.TryRead(ref received, out var entry)) positions.Add(entry.Position);

        Assert.Equal(Feed.Select(entry => entry.Position), positions);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(255)]
    public void TryRead_UnknownKind_IsRefusedWithTheRemedy(byte kind) =>
        Assert.Contains("Upgrade this region first", Refuse(Frame(kind, 1)).Message, StringComparison.Ordinal);

    [Fact]
    public void TryRead_BytesBehindAnEntry_IsRefused() => Refuse(Frame(2, 1, 0));

    [Fact]
    public void TryRead_FrameShorterThanItsEntry_IsRefused() => Refuse(Frame(1, 1, 32, 0));

    /// <summary>Before any of it has arrived, and before memory is taken for it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(Frames.MaxBytes + 1)]
    [InlineData(int.MaxValue)]
    public void TryRead_LengthThatCannotBe_IsRefused(int length) =>
        Refuse([(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length]);

    private static InvalidDataException Refuse(byte[] bytes) => Assert.Throws<InvalidDataException>(() =>
    {
        var received = new ReadOnlySequence<byte>(bytes);
        FeedCodec.TryRead(ref received, out FeedEntry _);
    });

    private static ReadOnlySequence<byte> ByteByByte(byte[] bytes)
    {
        var first = new Segment(bytes.AsMemory(0, 1));
        var last = first;
        for (var i = 1; i < bytes.Length; i++) last = last.Append(bytes.AsMemory(i, 1));
        return new ReadOnlySequence<byte>(first, 0, last, 1);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
