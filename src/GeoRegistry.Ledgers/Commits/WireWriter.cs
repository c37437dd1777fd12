using System.Buffers;
using System.Text;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Commits;

/// <summary>Writes the primitives of <see cref="CommitCodec"/>.</summary>
internal readonly struct WireWriter(ArrayBufferWriter<byte> buffer)
{
    public void Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }

    public void Number(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        buffer.Write(value);
    }

    /// <summary>Bytes without a length before them.</summary>
    public void Raw(ReadOnlySpan<byte> value) => buffer.Write(value);

    public void Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public void Digest(Digest value)
    {
        Byte((byte)value.Algorithm);
        buffer.Write(value.ToHash());
    }
}
