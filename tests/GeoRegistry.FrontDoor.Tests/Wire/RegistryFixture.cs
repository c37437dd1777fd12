using System.Globalization;
using GeoRegistry.TestKit;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>The one registry that the whole suite runs against.</summary>
/// <remarks>
/// By default a server process of this build on a folder of its own. With the environment variable
/// <c>GEOREGISTRY_TEST_ADDRESS</c> (such as <c>http://127.0.0.1:5000/</c>) it is whatever registry answers there; with
/// <c>GEOREGISTRY_TEST_REGIONS</c> (such as <c>3</c>), so many regions behind an entrance that sends each request to another.
/// </remarks>
public sealed class RegistryFixture : IAsyncLifetime
{
    private TemporaryFolder? _data;
    private RegistryProcess? _server;
    private UpProcess? _regions;

    /// <summary>Whether requests go to several regions in turn.</summary>
    public static bool IsSeveralRegions => Regions.Length > 0;

    /// <summary>How many regions answer.</summary>
    public static int RegionCount => IsSeveralRegions ? int.Parse(Regions, CultureInfo.InvariantCulture) : 1;

    public Uri Address { get; private set; } = null!;

    private static string Regions => Environment.GetEnvironmentVariable("GEOREGISTRY_TEST_REGIONS") ?? "";

    internal RegistryClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("GEOREGISTRY_TEST_ADDRESS") is { Length: > 0 } address)
        {
            Address = new Uri(address);
        }
        else if (IsSeveralRegions)
        {
            _data = new TemporaryFolder();
            _regions = await UpProcess.StartAsync(_data.Path, "--regions", Regions);
            Address = _regions.Entrance;
        }
        else
        {
            _data = new TemporaryFolder();
            _server = await RegistryProcess.StartAsync(_data.Path);
            Address = _server.Address;
        }

        Client = new RegistryClient(Address);
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        if (_regions is not null) await _regions.DisposeAsync();
        _data?.Dispose();
    }
}

/// <summary>Shares one <see cref="RegistryFixture"/> between all tests.</summary>
[CollectionDefinition(Name)]
public sealed class RegistryCollection : ICollectionFixture<RegistryFixture>
{
    public const string Name = "one registry";
}

/// <summary>A test against the shared registry, in repositories of its own.</summary>
[Collection(RegistryCollection.Name)]
public abstract class ConformanceTest(RegistryFixture registry)
{
    private protected RegistryClient Registry => registry.Client;

    private protected RepositoryClient NewRepository(string suffix = "") =>
        new(registry.Client, $"conformance/{Guid.NewGuid():n}{suffix}");
}
