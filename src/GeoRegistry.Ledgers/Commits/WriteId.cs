using System.Security.Cryptography;
using System.Text;

namespace GeoRegistry.Ledgers.Commits;

/// <summary>The name of one write, by which a repetition of it is recognised: 16 bytes. The default value names none.</summary>
/// <remarks>
/// A write whose answer was lost is repeated with the id that it had; the ledger then has it already, and the first
/// outcome is answered.
/// </remarks>
public readonly record struct WriteId
{
    /// <summary>The length of an id, in bytes.</summary>
    public const int SizeBytes = 16;

    private readonly Guid _value;

    private WriteId(Guid value) => _value = value;

    /// <summary>Whether it names no write, as in commits of builds that knew no ids.</summary>
    public bool IsNone => _value == Guid.Empty;

    /// <summary>A new id: the time, then 74 bits chosen at random.</summary>
    /// <remarks>Ids that grow lie beside one another in a store's index: a transaction of many writes touches fewer pages.</remarks>
    public static WriteId New() => new(Guid.CreateVersion7());

    /// <summary>The id for a key that a client chose, the same for equal keys.</summary>
    public static WriteId OfKey(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        return new WriteId(new Guid(hash[..SizeBytes], bigEndian: true));
    }

    /// <summary>The id of one write among those that clients ask for under this id, the same for the same write.</summary>
    /// <remarks>Else a client that uses one key for two writes would be told that the second is done, for the first is.</remarks>
    /// <param name="kind">What is asked.</param>
    /// <param name="names">What it is asked of, in an order that the kind has; none has a zero byte in it.</param>
    public WriteId For(WriteKind kind, params IReadOnlyList<string> names)
    {
        var gathered = new GatheredHash(stackalloc byte[GatheredHash.UsualBytes]);
        gathered.Add(ToBytes());
        gathered.Add([(byte)kind]);
        foreach (var name in names)
        {
            gathered.Add(name);
            gathered.Add([0]);
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        gathered.Finish(hash);
        return FromBytes(hash[..SizeBytes]);
    }

    /// <summary>Reads an id from its bytes.</summary>
    /// <exception cref="ArgumentException">They are not 16.</exception>
    public static WriteId FromBytes(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    /// <summary>Reads an id from its text.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string? text, out WriteId id)
    {
        id = text?.Length == 2 * SizeBytes && Guid.TryParseExact(text, "N", out var value) ? new WriteId(value) : default;
        return !id.IsNone;
    }

    /// <summary>The id's bytes.</summary>
    public byte[] ToBytes() => _value.ToByteArray(bigEndian: true);

    /// <summary>The id as text: 32 lower-case hexadecimal digits.</summary>
    public override string ToString() => _value.ToString("N");
}
