namespace GeoRegistry.Replication.Peers;

/// <summary>The headers between regions.</summary>
public static class PeerHeaders
{
    /// <summary>The region that sends a request.</summary>
    public const string Region = "GeoRegistry-Region";

    /// <summary>The position of a feed's last commit.</summary>
    public const string FeedHead = "GeoRegistry-Feed-Head";

    /// <summary>The scheme under which the cluster key stands in <c>Authorization</c>.</summary>
    public const string Scheme = "GeoRegistry-Cluster";
}
