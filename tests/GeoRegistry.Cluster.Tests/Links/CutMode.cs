namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>How a link fails.</summary>
internal enum CutMode
{
    /// <summary>Nothing passes and nobody is told: connections stall, new ones are made and stall too.</summary>
    Silent,

    /// <summary>Connections are reset, new ones are refused.</summary>
    Refused,
}
