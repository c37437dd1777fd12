using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage.Blobs;

namespace GeoRegistry.Storage.Azure;

/// <summary>Makes the client of a region's container.</summary>
internal static class AzureClient
{
    /// <summary>How often a request is tried again: a moment's trouble is gone by then, and longer trouble is to be heard of.</summary>
    private const int MaxRetries = 3;

    /// <summary>How many requests are under way at a time; more would wait for each other in the service.</summary>
    public const int MaxConnections = 512;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200), LongestDelay = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection is used: an account that moved is found by its name again.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Makes the client of valid options.</summary>
    public static BlobContainerClient Create(AzureStorageOptions options, TimeProvider clock) =>
        ServiceOf(options, clock).GetBlobContainerClient(options.Container);

    /// <summary>How every client retries.</summary>
    public static BlobClientOptions OptionsFor(TimeSpan networkTimeout) => new()
    {
        Transport = new HttpClientTransport(new HttpClient(Handler()) { Timeout = Timeout.InfiniteTimeSpan }),
        Retry =
        {
            Mode = RetryMode.Exponential,
            MaxRetries = MaxRetries,
            Delay = FirstDelay,
            MaxDelay = LongestDelay,
            NetworkTimeout = networkTimeout,
        },
    };

    private static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = ConnectTimeout,
        MaxConnectionsPerServer = MaxConnections,
        PooledConnectionLifetime = ConnectionLifetime,
    };

    private static BlobServiceClient ServiceOf(AzureStorageOptions options, TimeProvider clock)
    {
        var client = OptionsFor(options.NetworkTimeout);
        client.AddPolicy(new AzureCircuit(clock), HttpPipelinePosition.PerCall);
        if (options.ConnectionString.Length > 0) return new BlobServiceClient(options.ConnectionString, client);

        // The signature is part of the address, so that a copy's source is signed too.
        return options.Sas.Length > 0
            ? new BlobServiceClient(new Uri($"{options.AccountUrl.TrimEnd('/')}/?{options.Sas.TrimStart('?')}"), client)
            : new BlobServiceClient(new Uri(options.AccountUrl), IdentityOf(options), client);
    }

    private static ChainedTokenCredential IdentityOf(AzureStorageOptions options) => new(
        new WorkloadIdentityCredential(),
        new ManagedIdentityCredential(options.ManagedIdentity.Length > 0
            ? ManagedIdentityId.FromUserAssignedClientId(options.ManagedIdentity)
            : ManagedIdentityId.SystemAssigned));
}
