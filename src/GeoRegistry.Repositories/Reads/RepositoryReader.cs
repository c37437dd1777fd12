using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories.Caching;
using GeoRegistry.Repositories.Metrics;

namespace GeoRegistry.Repositories.Reads;

/// <summary>Reads manifests by tag and digest: from memory where they were read or written lately, else from the tables.</summary>
/// <remarks>A read sees every write that was acknowledged before it began, and waits for none.</remarks>
public sealed class RepositoryReader
{
    /// <summary>What a cached manifest takes beside its bytes: the objects and keys, and each reference.</summary>
    private const int EntryBytes = 1024, ReferenceBytes = 256;

    private readonly IRepositoryTables _tables;
    private readonly RepositoryCache<Manifest> _cache;

    /// <summary>Reads from these tables.</summary>
    public RepositoryReader(IRepositoryTables tables, RepositoryOptions options)
    {
        _tables = tables;
        _cache = new RepositoryCache<Manifest>(
            options.ManifestCacheMiB * 1024L * 1024L,
            manifest => EntryBytes + manifest.Content.Length + (manifest.References.Count * ReferenceBytes));
    }

    /// <summary>The manifest that a tag names or a digest is of, or null.</summary>
    public ValueTask<Manifest?> FindManifestAsync(
        RepositoryName repository, Reference reference, CancellationToken cancellation = default)
    {
        var isCached = _cache.TryGet(repository, reference.ToString(), out var cached);
        RegistryMetrics.CacheRead("manifests", isCached);
        return isCached ? new ValueTask<Manifest?>(cached) : LoadAsync(repository, reference, cancellation);
    }

    /// <summary>Lets readers see a commit's operations. To be called once they are durable and before they are acknowledged.</summary>
    internal void Apply(RepositoryName repository, IReadOnlyList<Operation> operations, LedgerPoint at)
    {
        var changes = new List<(string, Manifest?)>(operations.Count);
        Manifest? put = null;
        foreach (var operation in operations)
        {
            if (operation is Operation.ManifestPut(var manifest)) put = manifest;

            // A tag set to a manifest that was there before is left to the next read.
            changes.Add(operation switch
            {
                Operation.ManifestPut(var value) => (value.Digest.ToString(), value),
                Operation.TagSet(var tag, var digest) => (tag.ToString(), put?.Digest == digest ? put : null),
                _ => (KeyOf(operation), null),
            });
        }

        _cache.Apply(repository, changes, at);
    }

    /// <summary>Drops what operations may have changed, where it is not known whether they did.</summary>
    internal void Forget(RepositoryName repository, IReadOnlyList<Operation> operations) =>
        _cache.Remove(repository, operations.Select(KeyOf));

    /// <summary>Drops everything of a repository.</summary>
    internal void Forget(RepositoryName repository) => _cache.Forget(repository);

    /// <summary>Drops everything.</summary>
    internal void Forget() => _cache.Clear();

    private static string KeyOf(Operation operation) => operation switch
    {
        Operation.ManifestPut(var manifest) => manifest.Digest.ToString(),
        Operation.TagSet(var tag, _) => tag.ToString(),
        Operation.TagDeleted(var tag) => tag.ToString(),
        Operation.ManifestDeleted(var digest) => digest.ToString(),
        Operation.BlobDeleted(var digest) => digest.ToString(),
        Operation.BlobLinked(var digest, _) => digest.ToString(),
        _ => throw new InvalidOperationException($"{operation.GetType().Name} is not known to readers."),
    };

    private async ValueTask<Manifest?> LoadAsync(RepositoryName repository, Reference reference, CancellationToken cancellation)
    {
        var version = _cache.VersionOf(repository);
        var digest = reference.IsDigest
            ? reference.Digest
            : await _tables.FindTagAsync(repository, reference.Tag, cancellation).ConfigureAwait(false);
        if (digest is null) return null;
        var manifest = await _tables.FindManifestAsync(repository, digest.Value, cancellation).ConfigureAwait(false);
        if (manifest is not null) _cache.Add(repository, reference.ToString(), manifest, version);
        return manifest;
    }
}
