using System.Text;

namespace GeoRegistry.TestKit.Fuzzing;

/// <summary>Makes inputs that are almost right: takes examples and changes a few places.</summary>
public sealed class Mutations(Random random)
{
    private const int MaxChanges = 4, MaxRepeats = 3000;

    // What parsers stumble over: limits of numbers, names of numbers, halves of escapes and characters, separators.
    private static readonly string[] Pieces =
    [
        "", "0", "-", "+", "-1", "1e9", "0x10", "2147483648", "9223372036854775807", "9223372036854775808", "99999999999999999999999",
        "NaN", "Infinity", "-Infinity", "∞", "-∞",
        "%", "%2", "%2F", "%00", "%ff", "%C3%28", "%u0041", "%25",
        "\0", "\t", " ", "\u007f", "\u0080", "é", "\ud800", "\udc00", "😀", "\ufeff", "\u2028",
        "/", "//", "/../", "/./", "\\", "?", "&", "=", "#", ";", ",", ":", "@", "*", "\"", "W/", "\"\"", "[", "]", "{", "}",
        "null", "true", "\\u0000", "\\ud800",
        "sha256:", "sha512:", "md5:", "bytes=", "ms", "s", "://", "http://x",
        "v2", "blobs", "uploads", "manifests", "tags/list", "_catalog",
    ];

    /// <summary>An example with changes; sometimes as it is.</summary>
    public string Text(IReadOnlyList<string> examples)
    {
        var text = examples[random.Next(examples.Count)];
        for (var changes = random.Next(MaxChanges + 1); changes > 0; changes--) text = Change(text, examples);
        return text;
    }

    /// <summary>The same for bytes.</summary>
    public byte[] Bytes(IReadOnlyList<byte[]> examples)
    {
        var bytes = examples[random.Next(examples.Count)];
        for (var changes = random.Next(MaxChanges + 1); changes > 0; changes--) bytes = Change(bytes, examples);
        return bytes;
    }

    private string Change(string text, IReadOnlyList<string> examples)
    {
        var (from, to) = Slice(text.Length);
        return random.Next(8) switch
        {
            0 => text.Insert(from, Pieces[random.Next(Pieces.Length)]),
            1 => string.Concat(text.AsSpan(0, from), Pieces[random.Next(Pieces.Length)], text.AsSpan(to)),
            2 => text.Remove(from, to - from),
            3 => text.Insert(to, text[from..to]),
            4 => string.Concat(text.AsSpan(0, from), examples[random.Next(examples.Count)].AsSpan()[Math.Min(from, 1)..]),
            5 => random.Next(100) == 0
                ? text.Insert(from, new string(text.Length > from ? text[from] : 'a', random.Next(MaxRepeats)))
                : text.ToUpperInvariant(),
            6 => new StringBuilder(text).Insert(from, (char)random.Next(0x250)).ToString(),
            _ => text.Length == 0
                ? text
                : string.Concat(
                    text.AsSpan(0, from),
                    $"{(char)(text[Math.Min(from, text.Length - 1)] ^ (1 << random.Next(8)))}",
                    text.AsSpan(Math.Min(from + 1, text.Length))),
        };
    }

    private byte[] Change(byte[] bytes, IReadOnlyList<byte[]> examples)
    {
        var (from, to) = Slice(bytes.Length);
        return random.Next(6) switch
        {
            0 => [.. bytes[..from], (byte)random.Next(256), .. bytes[from..]],
            1 => [.. bytes[..from], .. bytes[to..]],
            2 => [.. bytes[..to], .. bytes[from..]],
            3 => [.. bytes[..from], .. Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]), .. bytes[to..]],
            4 => examples[random.Next(examples.Count)] is var other ? [.. bytes[..from], .. other[Math.Min(from, other.Length)..]] : bytes,
            _ => Flip(bytes, from),
        };
    }

    private byte[] Flip(byte[] bytes, int at)
    {
        if (bytes.Length == 0) return bytes;
        var changed = (byte[])bytes.Clone();
        changed[Math.Min(at, bytes.Length - 1)] = random.Next(3) == 0
            ? (byte)(0xff * random.Next(2)) : (byte)(changed[Math.Min(at, bytes.Length - 1)] ^ (1 << random.Next(8)));
        return changed;
    }

    // Mostly short, so that much of the example stays right.
    private (int From, int To) Slice(int length)
    {
        var from = random.Next(length + 1);
        return (from, Math.Min(length, from + (random.Next(4) == 0 ? random.Next(length + 1) : random.Next(4))));
    }
}
