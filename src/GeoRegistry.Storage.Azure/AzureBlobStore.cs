using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Azure;

/// <summary>A region's blobs in a container of Azure Blob Storage, for any number of servers at once.</summary>
/// <remarks>
/// Ages are by the service's clock, in whole seconds, whichever server asks. Bytes are hashed by whoever stores them, and not again when
/// they are read: the service keeps checksums of its own.
/// </remarks>
public sealed class AzureBlobStore : IBlobStore, IBlobCopies, IBlobRedirects, IStoreHealth
{
    /// <summary>The largest blob, in GiB: as many blocks as an object may have.</summary>
    public const int BlobMaxGiB = 2048;

    /// <summary>How many blobs are asked for at a time; there is no request for several.</summary>
    private const int StatParallelism = 32;

    /// <summary>How often a blob that others touch at the same moment is tried to be removed.</summary>
    private const int MaxTries = 16;

    /// <summary>How much younger than it says a blob may be: times have whole seconds, and are cut off.</summary>
    private static readonly TimeSpan AgeResolution = TimeSpan.FromSeconds(1);

    private readonly BlobContainerClient _container;
    private readonly AzureFaults _faults;
    private readonly BlobCopies _copies;
    private readonly BlobSignatures _signatures;
    private readonly AzureStorageOptions _options;
    private readonly TimeProvider _clock;
    private readonly int? _pageSize;

    /// <summary>Opens the store. Nothing is asked of the service yet.</summary>
    /// <param name="options">Where it is; valid.</param>
    /// <param name="clock">The clock of waits.</param>
    public AzureBlobStore(AzureStorageOptions options, TimeProvider clock)
        : this(AzureClient.Create(options, clock), clock, options)
    {
    }

    /// <summary>As the other, with a client of its own and, for lists, another size of pages than the service's.</summary>
    internal AzureBlobStore(
        BlobContainerClient container, TimeProvider clock, AzureStorageOptions? options = null, int? pageSize = null)
    {
        _container = container;
        _options = options ?? new AzureStorageOptions();
        _clock = clock;
        _pageSize = pageSize;
        _faults = new AzureFaults(container.AccountName, container.Name);
        _copies = new BlobCopies(container, _faults, clock);
        _signatures = new BlobSignatures(container, _options.HasIdentity, _faults, clock);
    }

    /// <inheritdoc/>
    public string StoreName => "blobs";

    /// <inheritdoc/>
    public long MinBytes => _options.RedirectMinMiB * 1024L * 1024L;

    /// <summary>Makes the container ready to be a region's, and refuses another region's.</summary>
    /// <exception cref="IOException">It is missing and may not be made, is another region's, or cannot be reached.</exception>
    public async Task PrepareAsync(RegionId region, CancellationToken cancellation = default)
    {
        if (_options.CreateContainer)
            await RunAsync("make the container", () => _container.CreateIfNotExistsAsync(cancellationToken: cancellation), cancellation)
                .ConfigureAwait(false);
        if (await ReadOwnerAsync(cancellation).ConfigureAwait(false) is not { } owner)
        {
            await TryClaimAsync(region, cancellation).ConfigureAwait(false);
            owner = await ReadOwnerAsync(cancellation).ConfigureAwait(false);
        }

        if (owner != region.ToString())
            throw new IOException(
                $"The container {_container.Name} of the account {_container.AccountName} is that of region {owner}: "
                    + $"give region {region} one of its own (GeoRegistry:Azure:Container).");
    }

    /// <inheritdoc/>
    public async ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default) =>
        (await FindThereAsync(ObjectOf(digest), digest, cancellation).ConfigureAwait(false))?.ContentLength;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<Digest, long>> StatManyAsync(
        IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default)
    {
        var found = new ConcurrentDictionary<Digest, long>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = StatParallelism, CancellationToken = cancellation };
        await Parallel.ForEachAsync(
            digests.Distinct(),
            options,
            async (digest, stop) =>
            {
                if (await FindAsync(digest, stop).ConfigureAwait(false) is { } sizeBytes) found[digest] = sizeBytes;
            }).ConfigureAwait(false);
        return found;
    }

    /// <inheritdoc/>
    public async ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default)
    {
        var blob = ObjectOf(digest);
        return await FindThereAsync(blob, digest, cancellation).ConfigureAwait(false) is { } found
            ? new AzureBlobReader(blob, digest, found.ContentLength, _faults)
            : null;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredBlob> ListAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var item in ListAsync(BlobKeys.Blobs, BlobTraits.CopyStatus, cancellation).ConfigureAwait(false))
        {
            var about = item.Properties;
            if (AzureStatus.IsThere(about.CopyStatus) && BlobKeys.TryParseBlob(item.Name, out var digest))
                yield return new StoredBlob(digest, about.ContentLength ?? 0, about.LastModified ?? default);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TouchAsync(Digest digest, CancellationToken cancellation = default) =>
        await _copies.TryTouchAsync(ObjectOf(digest), digest, waits: false, cancellation).ConfigureAwait(false);

    /// <summary>
    /// Deletes a blob. One that was stored or touched within the second before <paramref name="ifOlderThan"/> stays: its age is known
    /// in whole seconds only.
    /// </summary>
    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(Digest digest, DateTimeOffset? ifOlderThan = null, CancellationToken cancellation = default)
    {
        var blob = ObjectOf(digest);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            if (await FindThereAsync(blob, digest, cancellation).ConfigureAwait(false) is not { } found) return false;
            if (found.LastModified + AgeResolution > ifOlderThan) return false;

            // A touch or a commit in between changes the ETag; it is younger then than whoever asked has thought.
            if (await TryDeleteAsync(blob, found.ETag, digest, cancellation).ConfigureAwait(false)) return true;
            if (ifOlderThan is not null) return false;
        }

        throw new IOException($"The blob {digest} was touched {MaxTries} times while it was being deleted: try again.");
    }

    /// <summary>Copies the blob to the damaged ones and deletes it: a kill in between leaves it where it is found again.</summary>
    /// <inheritdoc/>
    public async Task SetAsideAsync(Digest digest, CancellationToken cancellation = default)
    {
        var blob = ObjectOf(digest);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            if (await FindThereAsync(blob, digest, cancellation).ConfigureAwait(false) is not { } found) return;
            if (await _copies.TrySetAsideAsync(blob, found.ETag, digest, cancellation).ConfigureAwait(false)
                && await TryDeleteAsync(blob, found.ETag, digest, cancellation).ConfigureAwait(false))
            {
                return;
            }
        }

        throw new IOException($"The blob {digest} was touched {MaxTries} times while it was being set aside: try again.");
    }

    /// <inheritdoc/>
    public async ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default) =>
        await AzureBlobUpload.BeginAsync(UploadOf(key), _copies, _faults, key, cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default) =>
        await AzureBlobUpload.ResumeAsync(UploadOf(key), _copies, _faults, key, cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredUpload> ListUploadsAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var item in ListAsync(BlobKeys.Uploads, BlobTraits.None, cancellation).ConfigureAwait(false))
            yield return new StoredUpload(BlobKeys.KeyOfUpload(item.Name), item.Properties.LastModified ?? default);
    }

    /// <inheritdoc/>
    public ValueTask<Uri?> OfferAsync(Digest digest, CancellationToken cancellation = default) =>
        _signatures.SignAsync(digest, AccountCopy.Timeout, cancellation);

    /// <summary>Copies over https only, unless this account itself is reached by http, as an emulator is.</summary>
    /// <inheritdoc/>
    public async Task<string?> CopyAsync(IBlobUpload upload, Uri source, CancellationToken cancellation = default) =>
        source.Scheme == Uri.UriSchemeHttps || source.Scheme == _container.Uri.Scheme
            ? await ((AzureBlobUpload)upload).CopyAsync(source, _clock, cancellation).ConfigureAwait(false)
            : "its URL is not one of https";

    /// <inheritdoc/>
    public ValueTask<Uri?> SignAsync(Digest digest, CancellationToken cancellation = default) =>
        _signatures.SignAsync(digest, _options.RedirectLifetime, cancellation);

    /// <summary>Lists one name, which fails where the account or the container is away.</summary>
    /// <inheritdoc/>
    public async Task CheckReadAsync(CancellationToken cancellation = default)
    {
        var pages = ListPages(BlobKeys.Blobs, BlobTraits.None, pageSize: 1, cancellation);
        await using var closing = pages.ConfigureAwait(false);
        await RunAsync("list blobs", () => pages.MoveNextAsync().AsTask(), cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes a small object, always the same, which fails where the container may not be written.</summary>
    /// <inheritdoc/>
    public async Task CheckWriteAsync(CancellationToken cancellation = default) => await RunAsync(
        "write",
        () => _container.GetBlobClient(BlobKeys.Health).UploadAsync(BinaryData.FromString("ok"), overwrite: true, cancellation),
        cancellation).ConfigureAwait(false);

    private BlobClient ObjectOf(Digest digest) => _container.GetBlobClient(BlobKeys.Blob(digest));

    private BlockBlobClient UploadOf(string key) => _container.GetBlockBlobClient(BlobKeys.Upload(key));

    private async Task<BlobProperties?> FindThereAsync(BlobBaseClient blob, Digest digest, CancellationToken cancellation) =>
        await _copies.FindAsync(blob, $"look for the blob {digest}", cancellation).ConfigureAwait(false) is { } found
            && AzureStatus.IsThere(found.BlobCopyStatus) ? found : null;

    private Task<bool> TryDeleteAsync(BlobBaseClient blob, ETag etag, Digest digest, CancellationToken cancellation) => RunAsync(
        $"delete the blob {digest}",
        async () =>
        {
            try
            {
                await blob.DeleteAsync(
                    conditions: new BlobRequestConditions { IfMatch = etag }, cancellationToken: cancellation).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException e) when (AzureStatus.HasChanged(e))
            {
                return false;
            }
        },
        cancellation);

    private async IAsyncEnumerable<BlobItem> ListAsync(
        string prefix, BlobTraits traits, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var pages = ListPages(prefix, traits, _pageSize, cancellation);
        await using var closing = pages.ConfigureAwait(false);
        while (await RunAsync($"list {prefix}", () => pages.MoveNextAsync().AsTask(), cancellation).ConfigureAwait(false))
        {
            foreach (var item in pages.Current.Values)
            {
                cancellation.ThrowIfCancellationRequested();
                yield return item;
            }
        }
    }

    private IAsyncEnumerator<Page<BlobItem>> ListPages(string prefix, BlobTraits traits, int? pageSize, CancellationToken cancellation) =>
        _container.GetBlobsAsync(new GetBlobsOptions { Traits = traits, Prefix = prefix }, cancellation)
            .AsPages(pageSizeHint: pageSize)
            .GetAsyncEnumerator(cancellation);

    private async Task<string?> ReadOwnerAsync(CancellationToken cancellation) => await RunAsync(
        "read whose container it is",
        async () =>
        {
            try
            {
                var content = await _container.GetBlobClient(BlobKeys.Region).DownloadContentAsync(cancellation).ConfigureAwait(false);
                return content.Value.Content.ToString().Trim();
            }
            catch (RequestFailedException e) when (AzureStatus.IsMissing(e))
            {
                return null;
            }
        },
        cancellation).ConfigureAwait(false);

    private Task TryClaimAsync(RegionId region, CancellationToken cancellation) => RunAsync(
        "claim the container",
        async () =>
        {
            try
            {
                await _container.GetBlobClient(BlobKeys.Region).UploadAsync(
                    BinaryData.FromString($"{region}\n"), overwrite: false, cancellation).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException e) when (AzureStatus.Exists(e))
            {
                return false;
            }
        },
        cancellation);

    private Task<T> RunAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellation) =>
        _faults.RunAsync(what, call, cancellation);
}
