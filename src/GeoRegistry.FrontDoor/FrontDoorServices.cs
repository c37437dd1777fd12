using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Health;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Uploads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor;

/// <summary>Registers the front door.</summary>
public static class FrontDoorServices
{
    /// <summary>Adds <see cref="RegistryFrontDoor"/>. The repositories and the stores must be registered beside it.</summary>
    public static IServiceCollection AddGeoRegistryFrontDoor(this IServiceCollection services) =>
        services.AddSingleton(provider => new RegistryFrontDoor(
            new OciApi(
                new ManifestEndpoints(provider.GetRequiredService<RepositoryReader>(), provider.GetRequiredService<RepositoryDirectory>()),
                new BlobEndpoints(provider.GetRequiredService<RepositoryBlobs>(), provider.GetRequiredService<RepositoryDirectory>()),
                new UploadEndpoints(provider.GetRequiredService<UploadSessions>(), provider.GetRequiredService<RepositoryBlobs>()),
                new ListEndpoints(provider.GetRequiredService<IRepositoryTables>())),
            new HealthEndpoints(
                provider.GetServices<IStoreHealth>(),
                provider.GetRequiredService<ILogger<HealthEndpoints>>(),
                provider.GetRequiredService<TimeProvider>()),
            new FailureMapping(provider.GetRequiredService<ILogger<FailureMapping>>())));
}
