using System.Net;
using GeoRegistry.FrontDoor;
using GeoRegistry.FrontDoor.Peers;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Topologies;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.Storage;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>
/// A region in the process of the test: all of a server's parts on its real stores. The calls of its stores and the requests of
/// other regions to it can fail.
/// </summary>
internal sealed class InProcessRegion : IAsyncDisposable
{
    private readonly WebApplication _front;
    private readonly WebApplication _peer;

    /// <param name="plan">What it is.</param>
    private InProcessRegion(InProcessPlan plan)
    {
        _front = Build(plan.Port, HttpProtocols.Http1, services => AddRegion(services, plan));
        _peer = Build(plan.PeerPort, HttpProtocols.Http2, _ => { });
        var (door, api) = (_front.Services.GetRequiredService<RegistryFrontDoor>(), _front.Services.GetRequiredService<PeerApi>());
        _front.Run(http => plan.Counted.RunAsync(http, door.HandleAsync));
        _peer.Run(http => plan.Counted.RunAsync(http, counted => plan.PeerFaults.HandleAsync(counted, api.HandleAsync)));
    }

    /// <summary>Its metadata, without faults.</summary>
    public SqliteMetadataStore Metadata => _front.Services.GetRequiredService<SqliteMetadataStore>();

    /// <summary>Its blobs, without faults.</summary>
    public FileBlobStore Blobs => _front.Services.GetRequiredService<FileBlobStore>();

    /// <summary>How it reaches the others.</summary>
    public PeerClient Peers => _front.Services.GetRequiredService<PeerClient>();

    /// <summary>Starts it; on the data it has, it is a restart.</summary>
    public static async Task<InProcessRegion> StartAsync(InProcessPlan plan)
    {
        var region = new InProcessRegion(plan);
        await region._front.Services.GetRequiredService<AdoptedTopology>().BeginAsync(default);
        await region._front.Services.GetRequiredService<HomeVisibility>().ResumeAsync(default);
        await region._peer.StartAsync();
        await region._front.StartAsync();
        return region;
    }

    public async ValueTask DisposeAsync()
    {
        await _front.StopAsync(new CancellationToken(canceled: true));
        await _peer.StopAsync(new CancellationToken(canceled: true));
        await _front.DisposeAsync();
        await _peer.DisposeAsync();
    }

    private static WebApplication Build(int port, HttpProtocols protocols, Action<IServiceCollection> add)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = protocols));
        add(builder.Services);
        return builder.Build();
    }

    // As the server's own composition, but for the faults between the stores and all that use them.
    private static void AddRegion(IServiceCollection services, InProcessPlan plan)
    {
        var control = new FileControlStore(plan.TopologyFile, TimeProvider.System);
        var peer = new PeerOptions { KeyFile = plan.KeyFile, Addresses = plan.Addresses };
        services
            .AddSingleton(TimeProvider.System)
            .AddSingleton(new RepositoryOptions())
            .AddSingleton<RepositoryReader>()
            .AddSingleton<RepositoryBlobs>()
            .AddSingleton<RepositoryViews>()
            .AddSingleton<RepositoryDirectory>()
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<UploadSessions>(provider, plan.Region))
            .AddGeoRegistryFrontDoor(plan.Region)
            .AddGeoRegistryReplication(
                plan.Region, _ => control, control.ReadAsync().GetAwaiter().GetResult(), peer, new ReplicationOptions())
            .AddGeoRegistryRegions()
            .AddSingleton<Func<RepositoryName, Home>>(provider => name => provider.GetRequiredService<RegionMap>().Current.HomeOf(name))
            .AddSingleton(_ => new DataFolder(plan.DataFolder, plan.Region))
            .AddSingleton<ISpoolFolder>(provider => provider.GetRequiredService<DataFolder>().Spool)
            .AddSingleton(provider => new SqliteMetadataStore(provider.GetRequiredService<DataFolder>().Metadata, plan.Region))
            .AddSingleton(provider => new FileBlobStore(provider.GetRequiredService<DataFolder>().Blobs))
            .AddSingleton(
                provider => new VerifyingBlobStore(new FaultyBlobStore(provider.GetRequiredService<FileBlobStore>(), plan.Faults)))
            .AddSingleton<IBlobStore>(provider => provider.GetRequiredService<VerifyingBlobStore>())
            .AddSingleton<ILedgerVerification>(provider => provider.GetRequiredService<SqliteMetadataStore>())
            .AddSingleton(provider => plan.Faults.Over<ILedgerStore>(provider.GetRequiredService<SqliteMetadataStore>()))
            .AddSingleton(provider => plan.Faults.Over<IReplicaStore>(provider.GetRequiredService<SqliteMetadataStore>()))
            .AddSingleton(provider => plan.Faults.Over<IRegionRecord>(provider.GetRequiredService<SqliteMetadataStore>()))
            .AddSingleton(provider => plan.Faults.Over<IAnnouncements>(provider.GetRequiredService<SqliteMetadataStore>()))
            .AddSingleton<IMetadataArchive>(provider => provider.GetRequiredService<SqliteMetadataStore>())
            .AddSingleton(provider => plan.Faults.Over<IHydrationQueue>(provider.GetRequiredService<SqliteMetadataStore>()))
            .AddSingleton(provider => plan.Faults.Over<IRepositoryTables>(provider.GetRequiredService<SqliteMetadataStore>()));
    }
}

/// <summary>What a region in the process of the test is.</summary>
/// <param name="Region">Its id.</param>
/// <param name="Port">Where its clients reach it.</param>
/// <param name="PeerPort">Where other regions reach it.</param>
internal sealed record InProcessPlan(RegionId Region, int Port, int PeerPort)
{
    public required string DataFolder { get; init; }

    public required string TopologyFile { get; init; }

    public required string KeyFile { get; init; }

    /// <summary>Where it reaches the others.</summary>
    public required string Addresses { get; init; }

    /// <summary>The requests whose calls to the stores are counted.</summary>
    public required CountedRequests Counted { get; init; }

    /// <summary>The faults of its stores.</summary>
    public required StoreFaults Faults { get; init; }

    /// <summary>The faults of what other regions ask it.</summary>
    public required Peers.PeerFaults PeerFaults { get; init; }
}
