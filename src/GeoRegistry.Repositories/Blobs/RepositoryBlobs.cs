using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Caching;
using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Repositories.Regions;

namespace GeoRegistry.Repositories.Blobs;

/// <summary>The blobs of repositories: which of them has which, their bytes, and how they come in.</summary>
/// <remarks>A repository has a blob by a link of its own; the bytes are in the region's store once, however many have it.</remarks>
public sealed class RepositoryBlobs
{
    private const int EntryBytes = 512;

    private readonly IRepositoryTables _tables;
    private readonly IBlobStore _store;
    private readonly IRemoteBlobs _remote;
    private readonly IBlobAnnouncer _announcer;
    private readonly IWantedBlobs _wanted;
    private readonly RepositoryCache<KnownBlob> _cache;
    private readonly int _cachedMaxBytes;

    /// <summary>The blobs of these tables and this store, and of other regions.</summary>
    public RepositoryBlobs(IRepositoryTables tables, IBlobStore store, IRemoteBlobs remote, IBlobAnnouncer announcer,
        IWantedBlobs wanted, RepositoryOptions options)
    {
        _tables = tables;
        _store = store;
        _remote = remote;
        _announcer = announcer;
        _wanted = wanted;
        _cachedMaxBytes = options.CachedBlobMaxKiB * 1024;
        _cache = new RepositoryCache<KnownBlob>(options.BlobCacheMiB * 1024L * 1024L, blob => EntryBytes + (blob.Bytes?.Length ?? 0));
    }

    /// <summary>The size of a blob that the repository has by what this region knows, or null.</summary>
    public async ValueTask<long?> FindHereAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) =>
        (await FindKnownAsync(repository, digest, cancellation).ConfigureAwait(false))?.SizeBytes;

    /// <summary>The size of a blob that the repository has, here or by what its home knows; or null.</summary>
    public async ValueTask<long?> FindAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) =>
        await FindHereAsync(repository, digest, cancellation).ConfigureAwait(false)
        ?? await _remote.FindAsync(repository, digest, cancellation).ConfigureAwait(false);

    /// <summary>
    /// Opens a blob that the repository has, or returns null. What this region lacks comes through from another and is
    /// stored on the way.
    /// </summary>
    /// <exception cref="InvalidDataException">The repository has it and no region does: data was lost.</exception>
    /// <exception cref="OtherRegionsUnreachableException">It is not here, and regions that may have it cannot be reached.</exception>
    public async ValueTask<BlobContent?> OpenAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default)
    {
        var version = _cache.VersionOf(repository);
        var known = await FindKnownAsync(repository, digest, cancellation).ConfigureAwait(false);
        if (known?.Bytes is { } cached) return new BlobContent(cached);
        if (known is null && await _remote.FindAsync(repository, digest, cancellation).ConfigureAwait(false) is { } sizeElsewhere)
            known = new KnownBlob(sizeElsewhere, null);
        if (known is null) return null;
        var reader = await _store.OpenAsync(digest, cancellation).ConfigureAwait(false);
        if (reader is null)
        {
            reader = await _remote.OpenAsync(digest, known.SizeBytes, cancellation).ConfigureAwait(false)
                ?? throw new InvalidDataException(
                    $"The repository {repository} has the blob {digest}, which is missing in the blob store.");
            return new BlobContent(reader);
        }

        if (reader.SizeBytes > _cachedMaxBytes) return new BlobContent(reader) { IsStored = true };

        await using (reader.ConfigureAwait(false))
        {
            var bytes = await ReadWholeAsync(reader, cancellation).ConfigureAwait(false);
            _cache.Add(repository, digest.ToString(), new KnownBlob(bytes.Length, bytes), version);
            return new BlobContent(bytes);
        }
    }

    /// <summary>Gives a repository a blob that is already here, without its bytes being sent again.</summary>
    /// <param name="repository">The repository that is to have it.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="from">The repository that must have it; null for any.</param>
    /// <returns>Whether the repository has it now; otherwise it must be uploaded.</returns>
    public async Task<bool> MountAsync(RepositoryName repository, Digest digest, RepositoryName? from,
        CancellationToken cancellation = default)
    {
        var size = from is { } source
            ? await TryFindAsync(source, digest, cancellation).ConfigureAwait(false)
            : await _tables.FindBlobAnywhereAsync(digest, cancellation).ConfigureAwait(false);
        if (size is null) return false;
        await LinkAsync(repository, digest, size.Value, cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Gives a repository a blob that was just stored, or that another repository has. On disk and visible when it
    /// returns.
    /// </summary>
    internal async Task LinkAsync(RepositoryName repository, Digest digest, long sizeBytes, CancellationToken cancellation)
    {
        var announce = _announcer.MustAnnounce(repository);
        var announcement = await _tables.LinkBlobAsync(repository, digest, sizeBytes, announce, cancellation).ConfigureAwait(false);
        await _wanted.NoteStoredAsync(digest, cancellation).ConfigureAwait(false);
        if (announcement is not null) await _announcer.AnnounceAsync(announcement, cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether any repository has a blob by what this region knows.</summary>
    internal async ValueTask<bool> IsAnywhereAsync(Digest digest) =>
        await _tables.FindBlobAnywhereAsync(digest, CancellationToken.None).ConfigureAwait(false) is not null;

    /// <summary>Lets readers see that a repository no longer has a blob.</summary>
    internal void Forget(RepositoryName repository, Digest digest) => _cache.Remove(repository, [digest.ToString()]);

    /// <summary>Drops everything of a repository.</summary>
    internal void Forget(RepositoryName repository) => _cache.Forget(repository);

    /// <summary>Drops everything.</summary>
    internal void Forget() => _cache.Clear();

    // What nobody can tell now is uploaded.
    private async ValueTask<long?> TryFindAsync(RepositoryName repository, Digest digest, CancellationToken cancellation)
    {
        try
        {
            return await FindAsync(repository, digest, cancellation).ConfigureAwait(false);
        }
        catch (OtherRegionsUnreachableException)
        {
            return null;
        }
    }

    private async ValueTask<KnownBlob?> FindKnownAsync(RepositoryName repository, Digest digest, CancellationToken cancellation)
    {
        var isCached = _cache.TryGet(repository, digest.ToString(), out var known);
        RegistryMetrics.CacheRead("blobs", isCached);
        if (isCached) return known;
        var version = _cache.VersionOf(repository);
        if (await _tables.FindBlobAsync(repository, digest, cancellation).ConfigureAwait(false) is not { } size) return null;
        known = new KnownBlob(size, null);
        _cache.Add(repository, digest.ToString(), known, version);
        return known;
    }

    private static async ValueTask<byte[]> ReadWholeAsync(IBlobReader reader, CancellationToken cancellation)
    {
        var bytes = new byte[reader.SizeBytes];
        var content = await reader.OpenRangeAsync(0, bytes.Length, cancellation).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            var read = await content.ReadAtLeastAsync(
                bytes, bytes.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
            return read == bytes.Length ? bytes : throw new EndOfStreamException("The blob is shorter than the store says.");
        }
    }

    /// <summary>A blob that a repository has; with its bytes where they are small and were read.</summary>
    private sealed record KnownBlob(long SizeBytes, byte[]? Bytes);
}
