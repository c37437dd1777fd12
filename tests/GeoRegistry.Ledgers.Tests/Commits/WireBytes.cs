using System.Text;

namespace GeoRegistry.Ledgers.Tests.Commits;

/// <summary>Writes the wire form by hand, with whatever is not to be in it.</summary>
internal sealed class WireBytes
{
    private readonly List<byte> _bytes = [];

    public static WireBytes Of(params ReadOnlySpan<byte> bytes) => new WireBytes().Raw(bytes);

    /// <summary>The head of a commit up to its operations, with a value in place of one of its fields.</summary>
    public static WireBytes Head(
        byte version = 1, byte kind = 1, ulong atMilliseconds = 1_700_000_000_123, string region = "eu", ulong operations = 1) =>
        Of(version, kind)
            .Text("library/golden").Number(3).Number(300).Number(atMilliseconds).Text("alice").Text(region).Number(operations);

    public WireBytes Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public WireBytes Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value | 0x80));
        return Raw((byte)value);
    }

    public WireBytes Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Number((ulong)bytes.Length).Raw(bytes);
    }

    public WireBytes Operation(ulong kind, WireBytes payload) => Number(kind).Number((ulong)payload._bytes.Count).Raw(payload.ToArray());

    public byte[] ToArray() => [.. _bytes];
}
