using System.ComponentModel.DataAnnotations;

namespace GeoRegistry.Replication;

/// <summary>How content is copied between regions: the section <c>GeoRegistry:Replication</c>.</summary>
public sealed class ReplicationOptions
{
    /// <summary>How long other regions answer tags of this home by themselves after they last heard from it. Default 5 seconds.</summary>
    /// <remarks>So long too this home waits, once, for a region that falls silent before it acknowledges that a tag has moved.</remarks>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan StalenessBound { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a push waits for the regions that its durability asks for. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DurabilityTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many blobs are fetched at a time that are to be asked of one region first. Default 4.</summary>
    [Range(1, 64)]
    public int HydrationParallelism { get; set; } = 4;

    /// <summary>
    /// How often a blob is tried that no region has or that arrives damaged, before it becomes a dead letter. Default 10.
    /// </summary>
    [Range(1, 1000)]
    public int HydrationAttempts { get; set; } = 10;

    /// <summary>
    /// How many of its newest commits a region keeps for the others to follow; one that is further behind gets snapshots.
    /// Default 1,000,000.
    /// </summary>
    [Range(1, long.MaxValue)]
    public long RetainedCommits { get; set; } = 1_000_000;

    /// <summary>
    /// How many MiB the commits that a region keeps for the others may have together; older ones go though they are among
    /// <see cref="RetainedCommits"/>. Default 1024.
    /// </summary>
    [Range(1, 1_048_576)]
    public int RetainedCommitsMiB { get; set; } = 1024;
}
