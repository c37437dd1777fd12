using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace GeoRegistry.Ledgers;

/// <summary>
/// SHA-256 over fields that are gathered first: for the few bytes of a row, one call to hash them costs a fraction of what an
/// incremental hash does.
/// </summary>
/// <param name="buffer">Where they are gathered as long as they fit; further ones go into a rented array.</param>
public ref struct GatheredHash(Span<byte> buffer)
{
    /// <summary>A size of buffer that most rows fit into, in bytes.</summary>
    public const int UsualBytes = 512;

    private Span<byte> _buffer = buffer;
    private byte[]? _rented;
    private int _length;

    /// <summary>Adds bytes as they are.</summary>
    public void Add(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Next(bytes.Length));

    /// <summary>Adds a number as 8 bytes, big-endian.</summary>
    public void Add(long number) => BinaryPrimitives.WriteInt64BigEndian(Next(sizeof(long)), number);

    /// <summary>Adds a text's bytes in UTF-8.</summary>
    public void Add(string text) => Encoding.UTF8.GetBytes(text, Next(Encoding.UTF8.GetByteCount(text)));

    /// <summary>Adds a field with its length before it, 4 bytes, big-endian.</summary>
    public void AddField(scoped ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(Next(sizeof(int)), bytes.Length);
        Add(bytes);
    }

    /// <summary>Hashes what was added, once.</summary>
    /// <param name="hash">Takes the 32 bytes of the hash.</param>
    public void Finish(scoped Span<byte> hash)
    {
        SHA256.HashData(_buffer[.._length], hash);
        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
        this = default;
    }

    private Span<byte> Next(int length)
    {
        if (length > _buffer.Length - _length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _buffer.Length, _length + length));
            _buffer[.._length].CopyTo(larger);
            if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
            _buffer = _rented = larger;
        }

        var next = _buffer.Slice(_length, length);
        _length += length;
        return next;
    }
}
