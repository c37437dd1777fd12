namespace GeoRegistry.Balancer.Forwarding;

/// <summary>How long the entrance waits for a region.</summary>
internal static class RegionTimeouts
{
    /// <summary>How long a connection may take to be made; one that takes longer counts as refused.</summary>
    public static readonly TimeSpan Connect = TimeSpan.FromSeconds(2);

    /// <summary>How long a health check may take: less than half of what a client waits for an answer that it will repeat.</summary>
    public static readonly TimeSpan HealthCheck = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a read's answer may take to begin while another region is left that can serve pulls and was not tried: longer than the
    /// 5 s that a region waits for another one that it asks. The region is tried once more after the others.
    /// </summary>
    public static readonly TimeSpan Head = TimeSpan.FromSeconds(8);

    /// <summary>
    /// The same for a region that did not answer its last health check, while any other is left: twice what the check itself
    /// waited.
    /// </summary>
    public static readonly TimeSpan HeadOfSilent = TimeSpan.FromSeconds(4);

    /// <summary>
    /// The same where only silent regions are left, or none; and how long the next bytes of an answer may take: a slow answer is
    /// better than none, and half a minute is enough to tell it from none.
    /// </summary>
    public static readonly TimeSpan Stall = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The same for a blob, as long as the region answers health checks: it hashes a blob before its first answer after a start, a
    /// second or two for a GiB. What takes longer it goes on hashing, so that a later request is answered.
    /// </summary>
    public static readonly TimeSpan HeadOfBlob = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long a region may be silent before every request that waits for it ends, a push too: longer than a pause from
    /// which processes come back.
    /// </summary>
    public static readonly TimeSpan Loss = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a request may go without a byte either way: a push may wait minutes for its source, or for other regions
    /// to have it.
    /// </summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a region may take to ask for a body that was announced; then it is sent unasked. Longer than it takes to
    /// notice that the region hangs, so that the body can go to another.
    /// </summary>
    public static readonly TimeSpan Continue = TimeSpan.FromSeconds(5);

    /// <summary>How long an idle connection is kept: less than the 130 s after which a region's front door closes it.</summary>
    public static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(60);
}
