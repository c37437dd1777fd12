using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Server.Configuration;
using GeoRegistry.Storage;
using GeoRegistry.Storage.Azure;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.PostgreSql;
using GeoRegistry.Storage.Sqlite;

namespace GeoRegistry.Server.Maintenance;

/// <summary>The stores of a region that does not run.</summary>
internal sealed class RegionStores : IAsyncDisposable
{
    private readonly DataFolder? _owned;

    private RegionStores(RegionId region, DataFolder folder, bool ownsFolder, IMetadataArchive metadata, IBlobStore blobs)
    {
        (Region, Folder, Metadata, Blobs) = (region, folder, metadata, blobs);
        _owned = ownsFolder ? folder : null;
    }

    public RegionId Region { get; }

    public DataFolder Folder { get; }

    public IMetadataArchive Metadata { get; }

    public IBlobStore Blobs { get; }

    /// <summary>Where a configuration keeps metadata, for people and to compare.</summary>
    public static string MetadataPlaceOf(ServerConfiguration configuration) => configuration.PostgreSql.IsUsed
        ? $"PostgreSQL at {configuration.PostgreSql.Place}, schema {configuration.PostgreSql.Schema}"
        : $"SQLite in {Path.GetFullPath(configuration.Server.Data)}";

    /// <summary>Where a configuration keeps blobs, likewise.</summary>
    public static string BlobPlaceOf(ServerConfiguration configuration) => configuration.Azure.IsConfigured
        ? $"Azure at {configuration.Azure.Place}"
        : $"files in {Path.GetFullPath(configuration.Server.Data)}";

    /// <summary>Opens the stores, if no server of the region runs on them.</summary>
    /// <param name="configuration">The configuration of the region's server.</param>
    /// <param name="opened">Stores that are open already, and whose data folder these may share; null for none.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="IOException">A server runs on them, or they are another region's.</exception>
    public static async Task<RegionStores> OpenAsync(
        ServerConfiguration configuration, RegionStores? opened, CancellationToken cancellation)
    {
        var region = RegionId.Parse(configuration.Server.Region);
        var shares = opened?.Folder.FullPath == Path.GetFullPath(configuration.Server.Data);
        var folder = shares ? opened!.Folder : new DataFolder(configuration.Server.Data, region);
        try
        {
            IBlobStore blobs;
            if (configuration.Azure.IsConfigured)
            {
                var azure = new AzureBlobStore(configuration.Azure, SystemClock.Instance);
                await azure.PrepareAsync(region, cancellation);
                blobs = azure;
            }
            else blobs = new FileBlobStore(folder.Blobs);

            return new RegionStores(region, folder, !shares, await OpenMetadataAsync(configuration, region, folder, cancellation), blobs);
        }
        catch
        {
            if (!shares) folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Metadata is IAsyncDisposable metadata) await metadata.DisposeAsync();
        _owned?.Dispose();
    }

    private static async Task<IMetadataArchive> OpenMetadataAsync(
        ServerConfiguration configuration, RegionId region, DataFolder folder, CancellationToken cancellation)
    {
        SqliteMetadataStore.KeepTemporaryFilesIn(folder.Spool.FullPath);
        if (!configuration.PostgreSql.IsUsed) return new SqliteMetadataStore(folder.Metadata, region, SystemClock.Instance);
        if (await PostgreSqlMetadataStore.IsServedAsync(configuration.PostgreSql, cancellation))
            throw new IOException($"A server runs on the {MetadataPlaceOf(configuration)}: stop all servers of region {region} first.");
        return await PostgreSqlMetadataStore.OpenAsync(configuration.PostgreSql, region, SystemClock.Instance, cancellation);
    }
}
