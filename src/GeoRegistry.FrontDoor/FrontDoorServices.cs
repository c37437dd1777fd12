using GeoRegistry.FrontDoor.Admin;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Health;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.FrontDoor.Peers;
using GeoRegistry.FrontDoor.Regions;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using Microsoft.Extensions.DependencyInjection;

namespace GeoRegistry.FrontDoor;

/// <summary>Registers the front door.</summary>
public static class FrontDoorServices
{
    /// <summary>Adds <see cref="RegistryFrontDoor"/>. The repositories and the stores must be registered beside it.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="region">The region that it belongs to.</param>
    public static IServiceCollection AddGeoRegistryFrontDoor(this IServiceCollection services, RegionId region) => services
        .AddSingleton<ManifestEndpoints>()
        .AddSingleton(provider => new BlobEndpoints(
            provider.GetRequiredService<RepositoryBlobs>(),
            provider.GetRequiredService<RepositoryDirectory>(),
            provider.GetService<IBlobRedirects>() is { } store
                ? ActivatorUtilities.CreateInstance<BlobRedirection>(provider, store)
                : null))
        .AddSingleton<UploadEndpoints>()
        .AddSingleton<ListEndpoints>()
        .AddSingleton(provider => new OciApi(
            provider.GetRequiredService<ManifestEndpoints>(),
            provider.GetRequiredService<BlobEndpoints>(),
            provider.GetRequiredService<UploadEndpoints>(),
            provider.GetRequiredService<ListEndpoints>(),
            provider.GetService<RegionRouting>()))
        .AddSingleton<HealthEndpoints>()
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<FailureMapping>(provider, region))
        .AddSingleton(provider => new RegistryFrontDoor(
            provider.GetRequiredService<OciApi>(),
            provider.GetRequiredService<HealthEndpoints>(),
            provider.GetRequiredService<FailureMapping>(),
            ActivatorUtilities.CreateInstance<BackupEndpoint>(provider, region),
            provider.GetService<AdminApi>()));

    /// <summary>
    /// Adds what a front door among other regions has beside: routing, the admin API, and <see cref="PeerApi"/>.
    /// Replication must be registered beside it.
    /// </summary>
    public static IServiceCollection AddGeoRegistryRegions(this IServiceCollection services) => services
        .AddSingleton<Relay>()
        .AddSingleton<AcknowledgedWrites>()
        .AddSingleton<RegionRouting>()
        .AddSingleton<ReplicationEndpoints>()
        .AddSingleton<ImageEndpoints>()
        .AddSingleton<RegionEndpoints>()
        .AddSingleton<VerificationEndpoints>()
        .AddSingleton<AdminApi>()
        .AddSingleton<FeedEndpoints>()
        .AddSingleton<ContentEndpoints>()
        .AddSingleton(provider => new PeerApi(
            provider.GetRequiredService<GeoRegistry.Regions.Control.RegionMap>(),
            provider.GetRequiredService<Replication.Peers.PeerOptions>(),
            provider.GetRequiredService<OciApi>(),
            provider.GetRequiredService<AdminApi>(),
            provider.GetRequiredService<FeedEndpoints>(),
            provider.GetRequiredService<ContentEndpoints>(),
            provider.GetRequiredService<FailureMapping>()));
}
