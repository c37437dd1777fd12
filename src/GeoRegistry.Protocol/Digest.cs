using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace GeoRegistry.Protocol;

/// <summary>The name of content by its hash, in the form <c>algorithm:hex</c>; two equal digests name the same bytes.</summary>
/// <remarks>
/// Only registered algorithms and lower-case hexadecimal of the right length are digests here.
/// The default value is no digest; its <see cref="ToString"/> is empty.
/// Source: OCI Image Spec v1.1, descriptor.md §Digests.
/// </remarks>
public readonly struct Digest : IEquatable<Digest>, IComparable<Digest>
{
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    private readonly string? _text;

    private Digest(string text) => _text = text;

    /// <summary>The algorithm of the hash.</summary>
    public DigestAlgorithm Algorithm => Text.StartsWith("sha512", StringComparison.Ordinal)
        ? DigestAlgorithm.Sha512 : DigestAlgorithm.Sha256;

    /// <summary>The hash in lower-case hexadecimal: 64 or 128 characters.</summary>
    public ReadOnlySpan<char> Hex => Text.AsSpan(7);

    private string Text => _text ?? throw new InvalidOperationException("A default digest names nothing.");

    /// <summary>Reads a digest.</summary>
    /// <returns>Whether the text is a digest of a supported algorithm.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        var valid = IsValid(text);
        digest = valid ? new Digest(text!) : default;
        return valid;
    }

    /// <summary>Whether the text is a digest of a supported algorithm.</summary>
    public static bool IsValid(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        return colon > 0
            && DigestAlgorithms.TryParse(text[..colon], out var algorithm)
            && text.Length - colon - 1 == algorithm.HashSizeBytes() * 2
            && !text[(colon + 1)..].ContainsAnyExcept(LowerHex);
    }

    /// <summary>Reads a digest that is known to be one.</summary>
    /// <exception cref="FormatException">The text is no digest.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out var digest) ? digest : throw new FormatException($"'{text}' is not a digest.");

    /// <summary>Names a finished hash.</summary>
    public static Digest FromHash(DigestAlgorithm algorithm, ReadOnlySpan<byte> hash)
    {
        if (hash.Length != algorithm.HashSizeBytes())
            throw new ArgumentException(
                $"A {algorithm.Name()} hash has {algorithm.HashSizeBytes()} bytes, not {hash.Length}.", nameof(hash));
        return new Digest($"{algorithm.Name()}:{Convert.ToHexStringLower(hash)}");
    }

    /// <summary>Hashes content held in memory.</summary>
    public static Digest Of(ReadOnlySpan<byte> content, DigestAlgorithm algorithm = DigestAlgorithm.Sha256)
    {
        Span<byte> hash = stackalloc byte[algorithm.HashSizeBytes()];
        CryptographicOperations.HashData(algorithm.HashName(), content, hash);
        return FromHash(algorithm, hash);
    }

    /// <summary>The hash's bytes: 32 or 64.</summary>
    public byte[] ToHash() => Convert.FromHexString(Hex);

    /// <summary>Compares the texts, byte by byte.</summary>
    public int CompareTo(Digest other) => string.CompareOrdinal(_text, other._text);

    /// <inheritdoc/>
    public bool Equals(Digest other) => string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _text?.GetHashCode(StringComparison.Ordinal) ?? 0;

    /// <summary>The digest as text, or the empty text for the default value.</summary>
    public override string ToString() => _text ?? "";

    /// <summary>Whether both name the same content.</summary>
    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    /// <summary>Whether they name different content.</summary>
    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    /// <summary>Ordinal order of the texts.</summary>
    public static bool operator <(Digest left, Digest right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order of the texts.</summary>
    public static bool operator >(Digest left, Digest right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order of the texts.</summary>
    public static bool operator <=(Digest left, Digest right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order of the texts.</summary>
    public static bool operator >=(Digest left, Digest right) => left.CompareTo(right) >= 0;
}
