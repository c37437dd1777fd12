namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>How a link fails.</summary>
internal enum CutMode
{
    /// <summary>Nothing passes and neither side is notified: connections stall, new ones are made and stall too.</summary>
    Silent,

    /// <summary>Connections are reset, new ones are refused.</summary>
    Refused,
}
