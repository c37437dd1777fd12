using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Blobs;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Replication.Homes;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Status;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Topologies;
using GeoRegistry.Replication.Verification;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories.Regions;
using Microsoft.Extensions.DependencyInjection;

namespace GeoRegistry.Replication;

/// <summary>Registers replication.</summary>
public static class ReplicationServices
{
    /// <summary>
    /// Adds what makes a region one of several. The stores, with <see cref="IReplicaStore"/>,
    /// <see cref="IHydrationQueue"/>, <see cref="IRegionRecord"/> and <see cref="IAnnouncements"/>, must be registered
    /// beside it.
    /// </summary>
    /// <param name="services">Where to.</param>
    /// <param name="self">This region.</param>
    /// <param name="control">Makes where the topology is followed.</param>
    /// <param name="topology">The topology at the start.</param>
    /// <param name="peer">How the others are reached.</param>
    /// <param name="options">How content is copied.</param>
    public static IServiceCollection AddGeoRegistryReplication(
        this IServiceCollection services,
        RegionId self,
        Func<IServiceProvider, IControlStore> control,
        Topology topology,
        PeerOptions peer,
        ReplicationOptions options) => services
        .AddSingleton(new RegionMap(self, topology))
        .AddSingleton(control)
        .AddSingleton(peer)
        .AddSingleton(options)
        .AddSingleton<PeerClient>()
        .AddSingleton<AdoptedTopology>()
        .AddSingleton<WantedBlobs>()
        .AddSingleton<IWantedBlobs>(provider => provider.GetRequiredService<WantedBlobs>())
        .AddSingleton<BlobFetches>()
        .AddSingleton<IRemoteBlobs, RemoteBlobs>()
        .AddSingleton<BlobAnnouncer>()
        .AddSingleton<IBlobAnnouncer>(provider => provider.GetRequiredService<BlobAnnouncer>())
        .AddSingleton<ReadLeases>()
        .AddSingleton<HomeVisibility>()
        .AddSingleton<IVisibility>(provider => provider.GetRequiredService<HomeVisibility>())
        .AddSingleton<HomeGate>()
        .AddSingleton<IHomeGate>(provider => provider.GetRequiredService<HomeGate>())
        .AddSingleton<HomeResumption>()
        .AddSingleton<DataRecovery>()
        .AddSingleton<FeedServer>()
        .AddSingleton<FeedApplication>()
        .AddSingleton<LedgerRepair>()
        .AddSingleton<TailStates>()
        .AddSingleton<Hydrator>()
        .AddSingleton<Latencies>()
        .AddSingleton<StatusReport>()
        .AddSingleton<ImageLocator>()
        .AddSingleton<ImageBlobs>()
        .AddSingleton<Completion>()
        .AddSingleton<DamagedLedgers>()
        .AddSingleton<VerificationProgress>()
        .AddSingleton<LedgerVerifier>()
        .AddSingleton<BlobVerifier>()
        .AddSingleton<VerificationLoop>()
        .AddHostedService(provider => provider.GetRequiredService<VerificationLoop>())
        .AddHostedService<Replicator>();
}
