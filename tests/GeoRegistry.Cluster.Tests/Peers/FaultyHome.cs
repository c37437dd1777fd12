using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>A replica whose home was real until it had all of it, and is a <see cref="ScriptedRegion"/> since.</summary>
public sealed class FaultyHome : IAsyncLifetime
{
    public const string Collection = "a replica and a faulty home";

    internal const string Repository = "team/app";

    /// <summary>How long the replica lets a write make no progress.</summary>
    internal static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(4);

    private RegionCluster _cluster = null!;

    internal ScriptedRegion Home { get; } = new();

    internal ClusterRegion Replica => _cluster["us"];

    internal TestImage Image { get; } = TestImage.Next(new Random(1), 1000);

    /// <summary>Where an upload goes on that the home began.</summary>
    internal string UploadAtHome { get; private set; } = "";

    public async Task InitializeAsync()
    {
        _cluster = await RegionCluster.StartAsync(new ClusterPlan
        {
            Regions = ["eu", "us"],
            Homes = [new("", "eu")],
            Options = new Dictionary<string, string> { ["GeoRegistry:Peer:WriteTimeout"] = WriteTimeout.ToString() },
        });
        await _cluster["eu"].Client.PushAsync(Repository, "1", Image);
        UploadAtHome = (await _cluster["eu"].Client.BeginUploadAsync(Repository)).Headers["Location"];
        await _cluster.WaitUntilConvergedAsync();
        _cluster.Link("us", "eu").Dialled.Target = _cluster.Link("us", "eu").DialledBack.Target = Home.EndPoint;
        _cluster.Link("us", "eu").ResetConnections();
        await Waiting.UntilAsync("the replica's lease has ended", async () =>
            (await Replica.Client.GetManifestAsync(Repository, "1")).MayBeStale);
    }

    /// <summary>Lets the home answer until the replica asks it: after what another test did, it is not asked for a moment.</summary>
    internal Task UntilAskedAsync()
    {
        Home.Script = exchange => exchange.SendHeadAsync(404, ends: true, ("content-length", "0"));
        return Waiting.UntilAsync("the replica asks its home", async () =>
            (await Replica.Client.SendAsync(HttpMethod.Get, $"/v2/{Repository}/tags/list")).Status == HttpStatusCode.NotFound);
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
        await Home.DisposeAsync();
    }
}

/// <summary>Tests that share the replica.</summary>
[CollectionDefinition(FaultyHome.Collection)]
public sealed class FaultyHomeDefinition : ICollectionFixture<FaultyHome>;
