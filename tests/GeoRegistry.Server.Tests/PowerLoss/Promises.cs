using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using Xunit.Sdk;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>
/// What a server has acknowledged, taken from its answers: which blobs, manifests and tags must be there, and which must
/// be gone.
/// </summary>
/// <remarks>The requests must not contradict each other while they overlap: then the order of their answers decides.</remarks>
internal sealed class Promises
{
    private readonly Dictionary<(RepositoryName, Digest), bool> _blobs = [];
    private readonly Dictionary<(RepositoryName, Digest), bool> _manifests = [];
    private readonly Dictionary<(RepositoryName, Tag), Digest?> _tags = [];

    /// <summary>How many answers acknowledged something.</summary>
    public int Count { get; private set; }

    public IReadOnlyDictionary<(RepositoryName Repository, Digest Digest), bool> Blobs => _blobs;

    public IReadOnlyDictionary<(RepositoryName Repository, Digest Digest), bool> Manifests => _manifests;

    public IReadOnlyDictionary<(RepositoryName Repository, Tag Tag), Digest?> Tags => _tags;

    /// <summary>Takes what an answer promises.</summary>
    /// <returns>Whether it promises anything: bytes of an upload that is not complete are not promised to outlast a power loss.</returns>
    public bool Take(Exchange exchange)
    {
        if (RegistryTarget.Parse(exchange.Target) is not { } target) return false;
        switch (exchange.Method, exchange.Status, target.Resource)
        {
            case ("POST" or "PUT", 201, "blobs"):
                _blobs[(target.Repository, Digest.Parse(exchange.Headers["Docker-Content-Digest"]))] = true;
                break;
            case ("PUT", 201, "manifests"):
                var digest = Digest.Parse(exchange.Headers["Docker-Content-Digest"]);
                _manifests[(target.Repository, digest)] = true;
                foreach (var tag in target.Tags) _tags[(target.Repository, tag)] = digest;
                break;
            case ("DELETE", 202, "blobs"):
                _blobs[(target.Repository, target.Digest!.Value)] = false;
                break;
            case ("DELETE", 202, "manifests") when target.Digest is { } deleted:
                _manifests[(target.Repository, deleted)] = false;
                foreach (var (key, _) in _tags.Where(entry => entry.Key.Item1 == target.Repository && entry.Value == deleted).ToList())
                    _tags[key] = null;
                break;
            case ("DELETE", 202, "manifests"):
                _tags[(target.Repository, target.Tags[0])] = null;
                break;
            default:
                return false;
        }

        Count++;
        return true;
    }

    /// <summary>A disk has all of it.</summary>
    /// <param name="tables">The metadata that the disk has.</param>
    /// <param name="isWhole">Whether the disk has a blob's bytes.</param>
    public async Task AssertKeptAsync(IRepositoryTables tables, Func<Digest, bool> isWhole)
    {
        foreach (var ((repository, digest), isThere) in _blobs)
        {
            var isLinked = await tables.FindBlobAsync(repository, digest) is not null;
            if (isThere && !isWhole(digest))
                throw new XunitException($"the acknowledged blob {digest} of {repository} would be gone or not whole");
            if (isLinked != isThere)
                throw new XunitException($"the repository {repository} would {(isThere ? "not have" : "have again")} the blob {digest}");
        }

        foreach (var ((repository, digest), isThere) in _manifests)
        {
            var manifest = await tables.FindManifestAsync(repository, digest);
            if (manifest is null == isThere)
                throw new XunitException($"the manifest {digest} of {repository} would be {(isThere ? "gone" : "back")}");
            if (manifest is not null) Assert.Equal(digest, Digest.Of(manifest.Content.Span));
        }

        foreach (var ((repository, tag), digest) in _tags)
        {
            var found = await tables.FindTagAsync(repository, tag);
            if (found != digest)
                throw new XunitException(
                    $"the tag {tag} of {repository} would name {found?.ToString() ?? "nothing"}"
                    + $" and not {digest?.ToString() ?? "nothing"}");
        }
    }
}
