using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using GeoRegistry.TestKit;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>One Azurite for all tests that do not stop it; each takes a container of its own.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    public AzuriteProcess Azurite { get; private set; } = null!;

    public async Task InitializeAsync() => Azurite = await AzuriteProcess.StartAsync();

    public async Task DisposeAsync() => await Azurite.DisposeAsync();

    /// <summary>Makes a container.</summary>
    public async Task<string> CreateContainerAsync()
    {
        var name = $"test-{Guid.NewGuid():n}";
        await ClientOf(Azurite.ConnectionString, name).CreateAsync();
        return name;
    }

    /// <summary>A client as another process has it: with connections of its own.</summary>
    /// <param name="connectionString">The account.</param>
    /// <param name="container">The container.</param>
    /// <param name="onTheWay">What requests pass through; null for nothing.</param>
    /// <param name="retries">Whether it retries as the store's own client does, but sooner; else a failure is one at once.</param>
    public static BlobContainerClient ClientOf(
        string connectionString, string container, DelegatingHandler? onTheWay = null, bool retries = true)
    {
        var options = AzureClient.OptionsFor(TimeSpan.FromSeconds(10));
        options.Retry.Delay = TimeSpan.FromMilliseconds(10);
        if (!retries) options.Retry.MaxRetries = 0;
        if (onTheWay is not null)
        {
            onTheWay.InnerHandler = new SocketsHttpHandler();
            options.Transport = new HttpClientTransport(new HttpClient(onTheWay) { Timeout = Timeout.InfiniteTimeSpan });
        }

        return new BlobServiceClient(connectionString, options).GetBlobContainerClient(container);
    }
}

[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<AzuriteFixture>
{
    public const string Name = "Azurite";
}
