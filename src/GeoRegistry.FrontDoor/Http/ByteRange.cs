using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace GeoRegistry.FrontDoor.Http;

/// <summary>What a <c>Range</c> header asks of content of a known size.</summary>
/// <remarks>Source: RFC 9110 §14. Several ranges, other units and what is no range at all are ignored, as a server may.</remarks>
internal readonly record struct ByteRange(ByteRangeKind Kind, long Offset, long LengthBytes)
{
    private const string Unit = "bytes=";

    public static ByteRange Parse(StringValues header, long sizeBytes)
    {
        var whole = new ByteRange(ByteRangeKind.Whole, 0, sizeBytes);
        if (header.Count != 1 || header[0] is not { } text || !text.StartsWith(Unit, StringComparison.OrdinalIgnoreCase)) return whole;
        var range = text.AsSpan(Unit.Length).Trim();
        var dash = range.IndexOf('-');
        if (dash < 0 || range.Contains(',')) return whole;
        var first = range[..dash];
        var last = range[(dash + 1)..];
        if (first.IsEmpty) return TryNumber(last, out var suffix) ? Suffix(suffix, sizeBytes) : whole;
        if (!TryNumber(first, out var from)) return whole;
        var to = long.MaxValue;
        if (!last.IsEmpty && !TryNumber(last, out to)) return whole;
        if (from >= sizeBytes || to < from) return new ByteRange(ByteRangeKind.Unsatisfiable, 0, 0);
        return new ByteRange(ByteRangeKind.Part, from, Math.Min(to, sizeBytes - 1) - from + 1);
    }

    private static ByteRange Suffix(long lengthBytes, long sizeBytes)
    {
        lengthBytes = Math.Min(lengthBytes, sizeBytes);
        return lengthBytes == 0
            ? new ByteRange(ByteRangeKind.Unsatisfiable, 0, 0)
            : new ByteRange(ByteRangeKind.Part, sizeBytes - lengthBytes, lengthBytes);
    }

    // More digits than a number here can have are far beyond any blob's end, which is all that matters of them.
    private static bool TryNumber(ReadOnlySpan<char> text, out long number)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)) return true;
        number = long.MaxValue;
        return !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');
    }
}

/// <summary>How a <see cref="ByteRange"/> is answered.</summary>
internal enum ByteRangeKind
{
    /// <summary>200 with all bytes.</summary>
    Whole,

    /// <summary>206 with a part.</summary>
    Part,

    /// <summary>416.</summary>
    Unsatisfiable,
}
