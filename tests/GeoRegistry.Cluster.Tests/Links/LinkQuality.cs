namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>What a link between two regions is like, each way.</summary>
internal sealed record LinkQuality
{
    /// <summary>As between continents: 80 ms there and back, 200 Mbit/s.</summary>
    public static readonly LinkQuality Wide = new() { Delay = TimeSpan.FromMilliseconds(40), BitsPerSecond = 200_000_000 };

    /// <summary>As between the machines of one rack.</summary>
    public static readonly LinkQuality Near = new();

    /// <summary>How long a byte is under way.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How much passes, of all connections together; 0: whatever the machine can do.</summary>
    public long BitsPerSecond { get; init; }

    /// <summary>The chance that a segment of 1460 bytes is lost and sent again, from 0 to 1.</summary>
    public double Loss { get; init; }
}
