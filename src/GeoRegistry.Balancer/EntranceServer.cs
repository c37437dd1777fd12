using System.Text;
using GeoRegistry.Balancer.Configuration;
using GeoRegistry.Balancer.Forwarding;
using GeoRegistry.Balancer.Health;
using GeoRegistry.Balancer.Regions;

namespace GeoRegistry.Balancer;

/// <summary>Builds the entrance and runs it until it is asked to stop.</summary>
internal static class EntranceServer
{
    /// <summary>The largest request head, in KiB: more than a region takes, so that the region validates it.</summary>
    private const int MaxRequestHeadKiB = 64;

    /// <summary>
    /// How many connections clients may have open, idle ones among them: each costs a socket and some KiB. Further ones
    /// are closed at once.
    /// </summary>
    private const int MaxConnections = 8192;

    /// <summary>How long requests under way may take to end when the entrance stops.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(BalancerConfig config)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        Log(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTimeout);
        builder.Services
            .AddSingleton(TimeProvider.System)
            .AddSingleton(new RegionRoundRobin(
                config.Regions.Select(region => new Region(region.Id, region.Address.GetLeftPart(UriPartial.Authority)))))
            .AddSingleton<RepositoryRegions>()
            .AddSingleton(_ => RegionClient.Create())
            .AddSingleton<RegionHealth>()
            .AddHostedService(provider => provider.GetRequiredService<RegionHealth>())
            .AddSingleton<Entrance>()
            .AddHttpForwarder();
        builder.WebHost.UseUrls(config.Listen);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = null; // The regions have their own limits.
            // A push may wait for its source; RegionTimeouts.Idle and the limits of connections and requests bound what that costs.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxRequestHeadKiB * 1024;
            kestrel.Limits.MaxRequestLineSize = MaxRequestHeadKiB * 1024;
            // As the client to the regions writes and reads them: bytes pass as they came.
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
        });

        await using var app = builder.Build();
        await app.Services.GetRequiredService<RegionHealth>().CheckAllAsync(CancellationToken.None);
        app.Run(app.Services.GetRequiredService<Entrance>().HandleAsync);
        await app.StartAsync();
        Console.WriteLine(
            $"GeoRegistry entrance listens on {string.Join(", ", app.Urls)} "
                + $"and sends requests to {string.Join(", ", config.Regions.Select(region => region.Id))} in turn");
        await app.WaitForShutdownAsync();
    }

    private static void Log(ILoggingBuilder logging) => logging
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical) // A failed start is reported in one sentence, without a stack trace.
        .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
        .AddFilter("Yarp", LogLevel.Error); // The entrance logs the outcome of a request itself.
}
