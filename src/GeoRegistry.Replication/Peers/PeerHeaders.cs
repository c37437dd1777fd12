using System.Buffers;
using System.Text;

namespace GeoRegistry.Replication.Peers;

/// <summary>The headers between regions.</summary>
public static class PeerHeaders
{
    /// <summary>The region that sends a request.</summary>
    public const string Region = "GeoRegistry-Region";

    /// <summary>The incarnation of a feed.</summary>
    public const string Incarnation = "GeoRegistry-Incarnation";

    /// <summary>The id of a relayed write, by which a repetition gets the first outcome.</summary>
    public const string WriteId = "GeoRegistry-Write-Id";

    /// <summary>The position of a feed's last commit.</summary>
    public const string FeedHead = "GeoRegistry-Feed-Head";

    /// <summary>
    /// Says that what was asked for cannot be read because it is damaged in the region that answers. An answer without it, whatever its
    /// status, says nothing of that.
    /// </summary>
    public const string Damaged = "GeoRegistry-Damaged";

    /// <summary>The scheme of the cluster key in <c>Authorization</c>.</summary>
    public const string Scheme = "GeoRegistry-Cluster";

    private static readonly SearchValues<char> NeverInAValue = SearchValues.Create("\0\r\n");

    /// <summary>
    /// How the bytes of a header's value are read and written, by every listener and client on the way: one character for each
    /// byte, so that what a proxy adds passes unchanged, whether it is UTF-8, Latin-1 or neither.
    /// </summary>
    public static Encoding Encoding => Encoding.Latin1;

    /// <summary>Whether a value can be sent as it is: its characters are bytes, and none ends a header.</summary>
    /// <remarks>Source: RFC 9110 §5.5.</remarks>
    public static bool CanSend(string value) => !value.AsSpan().ContainsAny(NeverInAValue)
        && !value.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff');
}
