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

    /// <summary>The scheme under which the cluster key stands in <c>Authorization</c>.</summary>
    public const string Scheme = "GeoRegistry-Cluster";
}
