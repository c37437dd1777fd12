namespace GeoRegistry.Balancer.Regions;

/// <summary>What a region's last health check showed: each value includes those before it.</summary>
internal enum Readiness
{
    /// <summary>It did not answer.</summary>
    Silent,

    /// <summary>It answered that it cannot serve pulls.</summary>
    Answering,

    /// <summary>It can serve pulls, and cannot take pushes: its disk is full, say.</summary>
    Pulls,

    /// <summary>It can serve pulls and take pushes.</summary>
    Pushes,
}
