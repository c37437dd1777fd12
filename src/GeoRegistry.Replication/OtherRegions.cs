using System.Net.Http.Json;
using System.Text.Json;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Leases;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication;

/// <summary>The other regions, reached by the peer API.</summary>
public sealed partial class OtherRegions(
    RegionMap map, PeerClient peers, ILedgerStore ledgers, BlobFetches fetches, MissingBlobs missing, Hydrator hydrator, ReadLeases leases, TagChanges changes, ILogger<OtherRegions> logger) : IOtherRegions
{
    /// <summary>How long a home may take to say whether it knows a blob.</summary>
    private static readonly TimeSpan FindPatience = TimeSpan.FromSeconds(5);

    /// <summary>How long a push waits for regions that are asked for blobs it names.</summary>
    private static readonly TimeSpan FindAllPatience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async ValueTask<long?> FindBlobAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default)
    {
        var home = map.Current.HomeOf(repository).Region;
        if (home == map.Self || !map.Current.PolicyOf(repository).Allows(map.Self)) return null;
        try
        {
            return await FindBlobAsync(home, repository, digest, cancellation).ConfigureAwait(false);
        }
        catch (OtherRegionsUnreachableException) when (OthersThan(home, repository) is { Count: > 0 } others)
        {
            // Without the home's word, that of any region that has it is good: content is what its digest says.
            var found = await Task.WhenAll(others.Select(region => TryFindBlobAsync(region, repository, digest, cancellation))).ConfigureAwait(false);
            if (found.FirstOrDefault(size => size is not null) is { } sizeBytes) return sizeBytes;
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<IBlobReader?> OpenBlobAsync(Digest digest, long sizeBytes, CancellationToken cancellation = default) => fetches.OpenAsync(digest, sizeBytes, cancellation);

    /// <inheritdoc/>
    public Task NoteStoredAsync(Digest digest, CancellationToken cancellation = default) => fetches.NoteStoredAsync(digest, cancellation);

    /// <inheritdoc/>
    public async Task AnnounceBlobAsync(RepositoryName repository, Digest digest, long sizeBytes, CancellationToken cancellation = default)
    {
        var home = map.Current.HomeOf(repository).Region;
        if (home == map.Self) return;
        try
        {
            using var response = await peers.SendAsync(
                home, HttpMethod.Post, $"/peer/links?repository={repository}&digest={digest}&size={sizeBytes}", cancellation, FindPatience).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
        }
        catch (Exception e) when (e is OtherRegionsUnreachableException or HttpRequestException)
        {
            LogNotAnnounced(digest, home, e.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<Digest, long>> FindBlobsAsync(
        RepositoryName repository, IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default)
    {
        var found = new Dictionary<Digest, long>();
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        var asked = new FindLinks(repository.ToString(), [.. digests.Select(digest => digest.ToString())], extent.Head);
        foreach (var answer in await Task.WhenAll(OthersThan(map.Self, repository).Select(region => TryFindBlobsAsync(region, asked, cancellation))).ConfigureAwait(false))
        {
            foreach (var link in answer) found[Digest.Parse(link.Digest)] = link.SizeBytes;
        }

        return found;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MissingBlob>> FindMissingAsync(
        RepositoryName repository, IReadOnlyList<Operation> operations, RegionId from, CancellationToken cancellation = default) => missing.OfAsync(repository, operations, from, cancellation);

    /// <inheritdoc/>
    public ValueTask<IAnswerChange?> BeginChangeAsync(RepositoryName repository, IReadOnlyList<Operation> operations, CancellationToken cancellation = default) =>
        changes.BeginAsync(repository, operations, cancellation);

    /// <inheritdoc/>
    public void BlobsAwaited() => hydrator.Wake();

    /// <inheritdoc/>
    public Task AwaitShownAsync(RepositoryName repository, long position, CancellationToken cancellation = default) => leases.AwaitAsync(repository, position, cancellation);

    /// <inheritdoc/>
    public Task AwaitSpreadAsync(RepositoryName repository, IReadOnlyList<Tag> tags) =>
        Task.WhenAll(tags.Select(tag => changes.SpreadOf(repository, tag)).OfType<Task>());

    private List<RegionId> OthersThan(RegionId region, RepositoryName repository)
    {
        var policy = map.Current.PolicyOf(repository);
        return [.. map.Others.Select(other => other.Id).Where(other => other != region && policy.Allows(other))];
    }

    private async Task<long?> FindBlobAsync(RegionId region, RepositoryName repository, Digest digest, CancellationToken cancellation)
    {
        using var response = await peers.SendAsync(region, HttpMethod.Head, $"/v2/{repository}/blobs/{digest}", cancellation, FindPatience).ConfigureAwait(false);
        return response.IsSuccessStatusCode ? response.Content.Headers.ContentLength : null;
    }

    private async Task<long?> TryFindBlobAsync(RegionId region, RepositoryName repository, Digest digest, CancellationToken cancellation)
    {
        try
        {
            return await FindBlobAsync(region, repository, digest, cancellation).ConfigureAwait(false);
        }
        catch (OtherRegionsUnreachableException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<BlobLink>> TryFindBlobsAsync(RegionId region, FindLinks asked, CancellationToken cancellation)
    {
        try
        {
            using var body = JsonContent.Create(asked);
            using var response = await peers.SendAsync(region, HttpMethod.Post, "/peer/links/find", cancellation, FindAllPatience, body).ConfigureAwait(false);
            return await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<IReadOnlyList<BlobLink>>(cancellation).ConfigureAwait(false) ?? [];
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException)
        {
            return []; // Also where it broke off in the middle of its answer.
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "The blob {Digest} could not be announced to its home {Home}; a manifest will name it: {Reason}")]
    private partial void LogNotAnnounced(Digest digest, RegionId home, string reason);
}

/// <summary>Which of these blobs does a repository have?</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Digests">The blobs.</param>
/// <param name="After">The position of the home's feed that must be applied before: a blob deleted until then is not there.</param>
public sealed record FindLinks(string Repository, IReadOnlyList<string> Digests, long After);

/// <summary>A blob that a repository has.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record BlobLink(string Digest, long SizeBytes);
