using GeoRegistry.FrontDoor;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Homes;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Topologies;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.Server.Configuration;
using GeoRegistry.Server.Metrics;
using GeoRegistry.Server.Transfers;
using GeoRegistry.Storage;
using GeoRegistry.Storage.Azure;
using GeoRegistry.Storage.PostgreSql;
using GeoRegistry.Storage.Sqlite;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace GeoRegistry.Server;

/// <summary>Builds the server of one region and runs it until it is asked to stop.</summary>
internal static partial class RegionServer
{
    /// <summary>The largest request head, in KiB: names, digests and a thousand tags fit with room to spare.</summary>
    public const int MaxRequestHeadKiB = 32;

    /// <summary>
    /// How much of a body is received before it is asked for, in KiB: one write of an upload. More only takes memory from
    /// every transfer.
    /// </summary>
    private const int MaxReceivedAheadKiB = 256;

    /// <summary>
    /// The slowest body, over all the time that it is waited for: 240 bytes a second after 5 minutes. A source may begin late or
    /// pause; what protects against clients that are slow on purpose is that connections are bounded.
    /// </summary>
    private static readonly MinDataRate SlowestBody = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromMinutes(5));

    /// <summary>How long a request's head may take: it is sent at once by all but attackers.</summary>
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a connection without a request is kept: longer than the idle connections of usual proxies, who should be
    /// the ones to close.
    /// </summary>
    private static readonly TimeSpan IdleConnectionTimeout = TimeSpan.FromSeconds(130);

    public static async Task RunAsync(WebApplicationBuilder builder, ServerConfiguration configuration)
    {
        var topology = await ReadTopologyAsync(configuration);
        builder.Services.AddGeoRegistry(configuration, topology).UseDataFolder().AddTelemetry(configuration)
            .AddLogFormat(builder.Configuration);
        if (configuration.PostgreSql.IsUsed)
            builder.Services.UsePostgreSql(await PostgreSqlMetadataStore.OpenAsync(
                configuration.PostgreSql, RegionId.Parse(configuration.Server.Region), SystemClock.Instance));
        else builder.Services.UseSqlite();
        if (configuration.Azure.IsConfigured) builder.Services.UseAzureBlobs(configuration.Azure);
        else builder.Services.UseFiles();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, TransferMemoryPoolFactory>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = configuration.Server.DrainTimeout);
        builder.WebHost.UseUrls([.. configuration.Server.Urls]);
        ConfigureServer(builder.WebHost, configuration.Server.MaxConnections);

        // One request a connection, also over TLS: the limit of connections is what bounds the files that are open.
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1));

        var app = builder.Build();
        await using (app.ConfigureAwait(false))
        {
            SqliteMetadataStore.KeepTemporaryFilesIn(app.Services.GetRequiredService<DataFolder>().Spool.FullPath);

            await PrepareAsync(app.Services, app.Logger, configuration);
            RegistryMetrics.ObserveUploads(app.Services.GetRequiredService<UploadSessions>());
            app.Use(new CrossOrigin(configuration.Server.Origins).HandleAsync);
            app.Run(app.Services.GetRequiredService<RegistryFrontDoor>().HandleAsync);
            await app.StartAsync();
            Console.WriteLine(
                $"GeoRegistry region {configuration.Server.Region} listens on {string.Join(", ", app.Urls)} "
                    + $"and keeps its data in {app.Services.GetRequiredService<DataFolder>().FullPath}"
                    + (configuration.PostgreSql.IsUsed ? $" and its metadata in PostgreSQL at {configuration.PostgreSql.Place}" : ""));
            if (app.Services.GetService<PeerListener>() is { } peers)
                Console.WriteLine(
                    $"GeoRegistry region {configuration.Server.Region} talks to other regions on {string.Join(", ", peers.Urls)}");
            if (app.Services.GetService<MetricsListener>() is { } metrics)
                Console.WriteLine(
                    $"GeoRegistry region {configuration.Server.Region} serves its metrics on "
                        + string.Join(", ", metrics.Urls.Select(url => url + MetricsListener.Path)));
            await app.WaitForShutdownAsync();
        }
    }

    // The stores open before the first request can come, so that a fault ends the start and not a pull. A store that cannot be written
    // serves pulls. It is a method of its own so that what it reads of data that was replaced waits for nothing, and requests do.
    private static async Task PrepareAsync(IServiceProvider services, ILogger logger, ServerConfiguration configuration)
    {
        services.GetService<IDataContinuity>()?.Recover();
        if (services.GetService<AzureBlobStore>() is { } azure)
            await azure.PrepareAsync(RegionId.Parse(configuration.Server.Region));
        foreach (var store in services.GetServices<IStoreHealth>()) await store.CheckReadAsync();
        if (services.GetService<PostgreSqlMetadataStore>() is { WaitsForStandby: false })
            LogNoStandby(logger, configuration.PostgreSql.Place);
        services.GetService<DataRecovery>()?.Begin();
        if (services.GetService<AdoptedTopology>() is { } topologies) await topologies.BeginAsync(CancellationToken.None);
        else
            await AdoptedTopology.BeginAloneAsync(
                services.GetRequiredService<IRegionRecord>(), RegionId.Parse(configuration.Server.Region), CancellationToken.None);
        if (services.GetService<HomeVisibility>() is { } visibility) await visibility.ResumeAsync(CancellationToken.None);
    }

    /// <summary>Configures what the listeners for clients and for other regions have in common.</summary>
    /// <param name="host">The listener's host.</param>
    /// <param name="maxConnections">How many connections it takes at a time.</param>
    public static void ConfigureServer(IWebHostBuilder host, int maxConnections) => host
        .UseKestrelHttpsConfiguration()
        .UseSockets(sockets => sockets.MaxReadBufferSize = MaxReceivedAheadKiB * 1024)
        .ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = _ => PeerHeaders.Encoding;
            kestrel.ResponseHeaderEncodingSelector = _ => PeerHeaders.Encoding;
            kestrel.Limits.MaxConcurrentConnections = ConnectionLimit.Of(maxConnections);
            kestrel.Limits.MinRequestBodyDataRate = SlowestBody;
            kestrel.Limits.RequestHeadersTimeout = HeadTimeout;
            kestrel.Limits.KeepAliveTimeout = IdleConnectionTimeout;
            kestrel.Limits.MaxRequestBodySize = null; // Blobs are limited by RepositoryOptions.BlobMaxGiB, manifests by their own limit.
            kestrel.Limits.MaxRequestBufferSize = MaxReceivedAheadKiB * 1024; // After TLS; the sockets have a limit of their own.
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxRequestHeadKiB * 1024;
            kestrel.Limits.MaxRequestLineSize = MaxRequestHeadKiB * 1024;
        });

    private static async Task<Topology?> ReadTopologyAsync(ServerConfiguration configuration)
    {
        if (!configuration.IsAmongOthers) return null;
        var control = Composition.Control(configuration, TimeProvider.System, NullLoggerFactory.Instance);
        using var connection = control as IDisposable;
        var topology = await control.ReadAsync();
        return topology.Find(RegionId.Parse(configuration.Server.Region)) is not null
            ? topology
            : throw new InvalidDataException(
                $"the topology has no region {configuration.Server.Region}, "
                    + $"but {string.Join(", ", topology.Regions.Select(region => region.Id))}: name one of them with --region.");
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "Commits in PostgreSQL at {Place} wait for no standby (synchronous_standby_names is empty): where one is promoted, what was "
            + "acknowledged last may be missing in it.")]
    private static partial void LogNoStandby(ILogger logger, string place);
}
