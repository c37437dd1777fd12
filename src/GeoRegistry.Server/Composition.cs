using GeoRegistry.FrontDoor;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.Server.Configuration;
using GeoRegistry.Storage;
using GeoRegistry.Storage.Azure;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.PostgreSql;
using GeoRegistry.Storage.Sqlite;

namespace GeoRegistry.Server;

/// <summary>Which parts a region is made of.</summary>
internal static class Composition
{
    /// <summary>The term of a region that is alone: nobody else ever appends to its ledgers.</summary>
    private const long FirstEpoch = 1;

    /// <summary>Adds what a region keeps in its data folder whatever its stores are.</summary>
    public static IServiceCollection UseDataFolder(this IServiceCollection services) => services
        .AddSingleton(provider => Folder(provider.GetRequiredService<ServerConfiguration>().Server))
        .AddSingleton<ISpoolFolder>(provider => provider.GetRequiredService<DataFolder>().Spool);

    /// <summary>Adds the embedded metadata store: SQLite in the data folder.</summary>
    public static IServiceCollection UseSqlite(this IServiceCollection services) => services
        .AddSingleton(provider => new SqliteMetadataStore(
            provider.GetRequiredService<DataFolder>().Metadata,
            RegionId.Parse(provider.GetRequiredService<ServerConfiguration>().Server.Region),
            provider.GetRequiredService<TimeProvider>()))
        .AddMetadata<SqliteMetadataStore>();

    /// <summary>Adds a metadata store that the servers of a region share.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="store">The open store; the server closes it.</param>
    public static IServiceCollection UsePostgreSql(this IServiceCollection services, PostgreSqlMetadataStore store) => services
        .AddSingleton(_ => store)
        .AddSingleton<IDataContinuity>(_ => store)
        .AddMetadata<PostgreSqlMetadataStore>();

    /// <summary>Adds the embedded blob store: files in the data folder.</summary>
    public static IServiceCollection UseFiles(this IServiceCollection services) => services
        .AddSingleton(provider => new FileBlobStore(provider.GetRequiredService<DataFolder>().Blobs))
        .AddSingleton(provider => new VerifyingBlobStore(new MeasuredBlobStore(provider.GetRequiredService<FileBlobStore>(), "files")))
        .AddSingleton<IBlobStore>(provider => provider.GetRequiredService<VerifyingBlobStore>())
        .AddSingleton<IStoreHealth>(provider => provider.GetRequiredService<FileBlobStore>());

    // Blobs are not hashed before their first answer, as files are: the service has checksums of its own. Verification hashes them.
    /// <summary>Adds a blob store in Azure. Blobs are hashed in rounds, and not before they are first answered: they are far.</summary>
    public static IServiceCollection UseAzureBlobs(this IServiceCollection services, AzureStorageOptions options)
    {
        services
            .AddSingleton(provider => new AzureBlobStore(options, provider.GetRequiredService<TimeProvider>()))
            .AddSingleton(provider => new MeasuredBlobStore(provider.GetRequiredService<AzureBlobStore>(), "azure"))
            .AddSingleton(provider => new VerifyingBlobStore(provider.GetRequiredService<MeasuredBlobStore>()))
            .AddSingleton<IBlobStore>(provider => provider.GetRequiredService<MeasuredBlobStore>())
            .AddSingleton<IStoreHealth>(provider => provider.GetRequiredService<AzureBlobStore>());
        if (options.CopyBetweenAccounts)
            services.AddSingleton(
                provider => provider.GetRequiredService<MeasuredBlobStore>().Measure(provider.GetRequiredService<AzureBlobStore>()));
        if (options.RedirectMinMiB > 0)
            services.AddSingleton<IBlobRedirects>(provider => provider.GetRequiredService<AzureBlobStore>());
        return services;
    }

    /// <summary>Adds the region's repositories and its front door.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="configuration">The server's configuration.</param>
    /// <param name="topology">The regions that this one is among; null where it is alone.</param>
    public static IServiceCollection AddGeoRegistry(
        this IServiceCollection services, ServerConfiguration configuration, Topology? topology)
    {
        var region = RegionId.Parse(configuration.Server.Region);
        services
            .AddSingleton(configuration)
            .AddSingleton(configuration.Repositories)
            .AddSingleton<TimeProvider>(SystemClock.Instance)
            .AddSingleton<RepositoryReader>()
            .AddSingleton<RepositoryBlobs>()
            .AddSingleton<RepositoryViews>()
            .AddSingleton<RepositoryDirectory>()
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<UploadSessions>(provider, region))
            .AddGeoRegistryFrontDoor(region)
            .AddSingleton<IHostedService>(provider => new FeedPruner(
                region,
                provider.GetService<RegionMap>(),
                provider.GetRequiredService<ILedgerStore>(),
                configuration.Replication,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<FeedPruner>>()))
            .AddHostedService<UploadSweeper>();
        return topology is null ? services.AddAlone(region) : services.AddAmongOthers(configuration, region, topology);
    }

    private static IServiceCollection AddMetadata<T>(this IServiceCollection services)
        where T : class, ILedgerStore, IReplicaStore, IRegionRecord, ILedgerVerification, IAnnouncements, IHydrationQueue,
            IRepositoryTables, IMetadataArchive, IStoreHealth => services
        .AddSingleton<ILedgerStore>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IReplicaStore>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IRegionRecord>(provider => provider.GetRequiredService<T>())
        .AddSingleton<ILedgerVerification>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IAnnouncements>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IHydrationQueue>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IRepositoryTables>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IMetadataArchive>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IStoreHealth>(provider => provider.GetRequiredService<T>());

    private static IServiceCollection AddAlone(this IServiceCollection services, RegionId region) => services
        .AddSingleton<NoOtherRegions>()
        .AddSingleton<IRemoteBlobs>(provider => provider.GetRequiredService<NoOtherRegions>())
        .AddSingleton<IBlobAnnouncer>(provider => provider.GetRequiredService<NoOtherRegions>())
        .AddSingleton<IWantedBlobs>(provider => provider.GetRequiredService<NoOtherRegions>())
        .AddSingleton<IHomeGate>(provider => provider.GetRequiredService<NoOtherRegions>())
        .AddSingleton<IVisibility>(provider => provider.GetRequiredService<NoOtherRegions>())
        .AddHostedService<LoneRegionRecovery>()
        .AddSingleton<Func<RepositoryName, Home>>(_ => new Home(region, FirstEpoch));

    private static IServiceCollection AddAmongOthers(
        this IServiceCollection services, ServerConfiguration configuration, RegionId region, Topology topology) => services
        .AddGeoRegistryReplication(
            region,
            provider => Control(configuration, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()),
            topology,
            configuration.Peer,
            configuration.Replication)
        .AddGeoRegistryRegions()
        .AddHostedService<FetchSweeper>()
        .AddSingleton<Func<RepositoryName, Home>>(provider => name => provider.GetRequiredService<RegionMap>().Current.HomeOf(name))
        .AddSingleton<PeerListener>()
        .AddHostedService(provider => provider.GetRequiredService<PeerListener>());

    /// <summary>The control store that a server among others is configured to use.</summary>
    public static IControlStore Control(ServerConfiguration configuration, TimeProvider clock, ILoggerFactory loggers) =>
        configuration.Etcd.IsUsed
            ? new EtcdControlStore(configuration.Etcd, clock, loggers.CreateLogger<EtcdControlStore>())
            : new FileControlStore(configuration.Server.Topology, clock);

    private static DataFolder Folder(ServerOptions options) => new(options.Data, RegionId.Parse(options.Region));
}
