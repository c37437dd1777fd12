using GeoRegistry.Cluster.Tests.Links;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>What a cluster of a test is to be.</summary>
internal sealed record ClusterPlan
{
    /// <summary>
    /// The repositories below <c>us-team</c> have their home in us, those below <c>ap-team</c> in ap, and all others in
    /// eu.
    /// </summary>
    public static readonly IReadOnlyList<PlannedHome> HomeInEveryRegion = [new("", "eu"), new("us-team", "us"), new("ap-team", "ap")];

    public IReadOnlyList<string> Regions { get; init; } = ["eu", "us", "ap"];

    public IReadOnlyList<PlannedHome> Homes { get; init; } = HomeInEveryRegion;

    public IReadOnlyList<PlannedPolicy> Policies { get; init; } = [];

    public LinkQuality Link { get; init; } = LinkQuality.Wide;

    /// <summary>The bits per second that a region's own network passes; null for regions without one.</summary>
    public long? NetworkBitsPerSecond { get; init; }

    /// <summary>Further options of every server, by their keys.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Further options of one region's server; null for none.</summary>
    public Func<string, Dictionary<string, string>>? OptionsOf { get; init; }

    /// <summary>The members of etcd that have the topology; null where it is a file.</summary>
    public string? Etcd { get; init; }

    /// <summary>Runs a region's server, as <c>nice -n 19</c> does; null for nothing.</summary>
    public Func<string, IReadOnlyList<string>>? Runner { get; init; }

    /// <summary>Where a region's data lies; null for a temporary folder.</summary>
    public Func<string, string>? DataFolder { get; init; }
}

/// <summary>Which region is the home of a prefix.</summary>
internal sealed record PlannedHome(string Prefix, string Region, int Epoch = 1);

/// <summary>How the repositories of a prefix are replicated; null leaves a default.</summary>
internal sealed record PlannedPolicy(string Prefix)
{
    public IReadOnlyList<string>? Regions { get; init; }

    public string? Hydration { get; init; }

    public string? Durability { get; init; }

    public string? Reads { get; init; }
}
