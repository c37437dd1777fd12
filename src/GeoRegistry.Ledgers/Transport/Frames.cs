using System.Buffers;
using System.Buffers.Binary;

namespace GeoRegistry.Ledgers.Transport;

/// <summary>Frames, as feeds and snapshots are sent: a length (4 bytes, big-endian), then that many bytes.</summary>
internal static class Frames
{
    public const int HeadBytes = sizeof(int);

    /// <summary>The largest frame: a commit with the largest manifest and a thousand tags fits many times over.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> frame)
    {
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(HeadBytes), frame.Length);
        output.Advance(HeadBytes);
        output.Write(frame);
    }

    public static int ReadLength(ReadOnlySpan<byte> head)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        return length is > 0 and <= MaxBytes ? length : throw new InvalidDataException($"A frame cannot have {length} bytes.");
    }
}
