namespace GeoRegistry.Cli.Up;

/// <summary>The options of <c>georegistry up</c>.</summary>
/// <param name="Regions">How many regions; null for as many as the folder has, or three in a new one.</param>
/// <param name="Data">The folder of the regions' data, the topology, the key and the logs.</param>
/// <param name="Latency">What is added to all that goes between regions; null for nothing.</param>
/// <param name="Listen">Where the entrance serves clients.</param>
/// <param name="Production">Whether the regions use PostgreSQL, Azurite and etcd.</param>
/// <param name="Json">Whether the addresses are printed as JSON.</param>
internal sealed record UpOptions(int? Regions, string Data, TimeSpan? Latency, Uri Listen, bool Production, bool Json);
