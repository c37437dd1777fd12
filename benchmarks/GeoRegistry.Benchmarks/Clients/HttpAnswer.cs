using System.Globalization;
using System.Text;

namespace GeoRegistry.Benchmarks.Clients;

/// <summary>The status line and headers of an HTTP/1.1 answer, as far as this client needs them.</summary>
internal sealed record HttpAnswer(int Status, long? ContentLength, bool IsChunked, bool Closes, string? Location)
{
    /// <summary>Reads a head, from the status line to the last header's line break.</summary>
    public static HttpAnswer Parse(ReadOnlySpan<byte> head)
    {
        var answer = new HttpAnswer(int.Parse(head.Slice(9, 3), CultureInfo.InvariantCulture), null, false, false, null);
        foreach (var range in head.Split("\r\n"u8))
        {
            var line = head[range];
            var colon = line.IndexOf((byte)':');
            if (colon > 0) answer = answer.With(line[..colon], line[(colon + 1)..].Trim((byte)' '));
        }

        return answer;
    }

    private HttpAnswer With(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
            return this with { ContentLength = long.Parse(value, CultureInfo.InvariantCulture) };
        if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
            return this with { IsChunked = Ascii.EqualsIgnoreCase(value, "chunked"u8) };
        if (Ascii.EqualsIgnoreCase(name, "connection"u8)) return this with { Closes = Ascii.EqualsIgnoreCase(value, "close"u8) };
        if (Ascii.EqualsIgnoreCase(name, "location"u8)) return this with { Location = Encoding.ASCII.GetString(value) };
        return this;
    }
}
