using GeoRegistry.FrontDoor;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.Server.Configuration;
using GeoRegistry.Server.Transfers;
using GeoRegistry.Storage;
using Microsoft.AspNetCore.Connections;

namespace GeoRegistry.Server;

/// <summary>Builds the server of one region and runs it until it is asked to stop.</summary>
internal static class RegionServer
{
    /// <summary>The largest request head, in KiB: names, digests and a thousand tags fit with room to spare.</summary>
    private const int MaxRequestHeadKiB = 32;

    /// <summary>How much of a body is received before it is asked for, in KiB: one write of an upload. More only takes memory from every transfer.</summary>
    private const int MaxReceivedAheadKiB = 256;

    public static async Task RunAsync(WebApplicationBuilder builder, ServerConfiguration configuration)
    {
        builder.Services.AddGeoRegistry(configuration).UseEmbeddedStores();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, TransferMemoryPoolFactory>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = configuration.Server.DrainTimeout);
        builder.WebHost.UseUrls([.. configuration.Server.Urls]);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets => sockets.MaxReadBufferSize = MaxReceivedAheadKiB * 1024);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // Blobs are limited by RepositoryOptions.BlobMaxGiB, manifests by their own limit.
            kestrel.Limits.MaxRequestBufferSize = MaxReceivedAheadKiB * 1024; // After TLS; the sockets have a limit of their own.
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxRequestHeadKiB * 1024;
            kestrel.Limits.MaxRequestLineSize = MaxRequestHeadKiB * 1024;
        });

        var app = builder.Build();
        await using (app.ConfigureAwait(false))
        {
            // The stores open before the first request can come, so that a fault ends the start and not a push.
            foreach (var store in app.Services.GetServices<IStoreHealth>()) await store.CheckAsync();
            RegistryMetrics.ObserveUploads(app.Services.GetRequiredService<UploadSessions>());
            app.Run(app.Services.GetRequiredService<RegistryFrontDoor>().HandleAsync);
            await app.StartAsync();
            Console.WriteLine(
                $"GeoRegistry region {app.Services.GetRequiredService<Home>().Region} listens on {string.Join(", ", app.Urls)} and keeps its data in {app.Services.GetRequiredService<DataFolder>().FullPath}");
            await app.WaitForShutdownAsync();
        }
    }
}
