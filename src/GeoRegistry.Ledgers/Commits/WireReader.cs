using System.Text;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Commits;

/// <summary>
/// Reads the primitives of <see cref="CommitCodec"/>; every reading past the end or out of range is an
/// <see cref="InvalidDataException"/>.
/// </summary>
internal struct WireReader(ReadOnlyMemory<byte> data)
{
    private const int MaxNumberBytes = 9;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlyMemory<byte> _rest = data;

    public byte Byte() => Take(1).Span[0];

    public long Number()
    {
        long value = 0;
        for (var i = 0; i < MaxNumberBytes; i++)
        {
            var next = Byte();
            value |= (long)(next & 0x7f) << (7 * i);
            if (next < 0x80)
                return next > 0 || i == 0 ? value : throw new InvalidDataException("A number in a commit has needless bytes.");
        }

        throw new InvalidDataException("A number in a commit is too long.");
    }

    /// <summary>A number of things that take at least one byte each.</summary>
    public int Count()
    {
        var count = Number();
        return count <= _rest.Length ? (int)count : throw new InvalidDataException("A commit ends too early.");
    }

    public ReadOnlyMemory<byte> Bytes() => Take(Count());

    /// <summary>Bytes without a length before them.</summary>
    public ReadOnlyMemory<byte> Raw(int count) => Take(count);

    public string Text()
    {
        try
        {
            return Strict.GetString(Bytes().Span);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException("A text in a commit is not UTF-8.", e);
        }
    }

    public Digest Digest()
    {
        var algorithm = (DigestAlgorithm)Byte();
        return Enum.IsDefined(algorithm)
            ? Protocol.Digest.FromHash(algorithm, Take(algorithm.HashSizeBytes()).Span)
            : throw new InvalidDataException($"A commit names the unknown digest algorithm {(int)algorithm}.");
    }

    public readonly void End()
    {
        if (!_rest.IsEmpty) throw new InvalidDataException($"A commit has {_rest.Length} bytes too many.");
    }

    private ReadOnlyMemory<byte> Take(int count)
    {
        if (count > _rest.Length) throw new InvalidDataException("A commit ends too early.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
