using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.TestKit.Etcd;
using Microsoft.Extensions.Logging.Abstractions;

namespace GeoRegistry.Regions.Tests.Control.Etcd;

/// <summary>The etcd cluster that the tests of a class share; each test has a prefix of its own.</summary>
public sealed class ThreeMembers : IAsyncLifetime
{
    private int _prefixes;

    /// <summary>The cluster.</summary>
    public EtcdCluster Cluster { get; private set; } = null!;

    /// <summary>The options of a test that begins.</summary>
    /// <param name="endpoints">Whom it asks; null for all members.</param>
    /// <param name="timeoutSeconds">How long a request may take.</param>
    public EtcdOptions OptionsOfATest(string? endpoints = null, double timeoutSeconds = 5) => new()
    {
        Endpoints = endpoints ?? Cluster.Endpoints,
        Prefix = $"/test-{Interlocked.Increment(ref _prefixes)}",
        Timeout = TimeSpan.FromSeconds(timeoutSeconds),
    };

    /// <summary>A store of a process.</summary>
    public static EtcdControlStore Open(EtcdOptions options) =>
        new(options, TimeProvider.System, NullLogger<EtcdControlStore>.Instance);

    /// <summary>The options of another process that has the same prefix, and asks others.</summary>
    public static EtcdOptions At(string endpoints, EtcdOptions same) =>
        new() { Endpoints = endpoints, Prefix = same.Prefix, Timeout = same.Timeout };

    public async Task InitializeAsync() => Cluster = await EtcdCluster.StartAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}
