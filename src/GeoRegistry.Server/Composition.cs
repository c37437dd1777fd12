using GeoRegistry.FrontDoor;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.Server.Configuration;
using GeoRegistry.Storage;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.Sqlite;

namespace GeoRegistry.Server;

/// <summary>Which parts a region is made of.</summary>
internal static class Composition
{
    /// <summary>The term of a region that is alone: nobody else ever appends to its ledgers.</summary>
    private const long FirstEpoch = 1;

    /// <summary>Adds the embedded stores: SQLite and files in one folder.</summary>
    public static IServiceCollection UseEmbeddedStores(this IServiceCollection services) => services
        .AddSingleton(provider => new DataFolder(provider.GetRequiredService<ServerConfiguration>().Server.Data))
        .AddSingleton(provider => new SqliteMetadataStore(provider.GetRequiredService<DataFolder>().Metadata))
        .AddSingleton<ILedgerStore>(provider => provider.GetRequiredService<SqliteMetadataStore>())
        .AddSingleton<IRepositoryTables>(provider => provider.GetRequiredService<SqliteMetadataStore>())
        .AddSingleton<IStoreHealth>(provider => provider.GetRequiredService<SqliteMetadataStore>())
        .AddSingleton(provider => new FileBlobStore(provider.GetRequiredService<DataFolder>().Blobs))
        .AddSingleton<IBlobStore>(provider => provider.GetRequiredService<FileBlobStore>())
        .AddSingleton<IStoreHealth>(provider => provider.GetRequiredService<FileBlobStore>());

    /// <summary>Adds the region's repositories and its front door.</summary>
    public static IServiceCollection AddGeoRegistry(this IServiceCollection services, ServerConfiguration configuration) => services
        .AddSingleton(configuration)
        .AddSingleton(configuration.Repositories)
        .AddSingleton(TimeProvider.System)
        .AddSingleton(new Home(RegionId.Parse(configuration.Server.Region), FirstEpoch))
        .AddSingleton<RepositoryReader>()
        .AddSingleton<RepositoryBlobs>()
        .AddSingleton<RepositoryDirectory>()
        .AddSingleton(provider => new UploadSessions(
            provider.GetRequiredService<Home>().Region,
            provider.GetRequiredService<IBlobStore>(),
            provider.GetRequiredService<RepositoryBlobs>(),
            provider.GetRequiredService<RepositoryOptions>(),
            provider.GetRequiredService<TimeProvider>()))
        .AddGeoRegistryFrontDoor()
        .AddHostedService<UploadSweeper>();
}
