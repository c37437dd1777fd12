using System.Net;
using System.Net.Http.Json;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Regions;

namespace GeoRegistry.Replication.Blobs;

/// <summary>The blobs of other regions, reached by the peer API.</summary>
public sealed class RemoteBlobs(
    RegionMap map, PeerClient peers, ILedgerStore ledgers, IAnnouncements announcements, BlobFetches fetches) : IRemoteBlobs
{
    /// <summary>How long a home may take to say whether it knows a blob.</summary>
    private static readonly TimeSpan FindTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a push waits for regions that are asked for blobs it names.</summary>
    private static readonly TimeSpan FindManyTimeout = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async ValueTask<long?> FindAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default)
    {
        var home = map.Current.HomeOf(repository).Region;
        if (home == map.Self || !map.Current.PolicyOf(repository).Allows(map.Self)) return null;
        var others = OthersThan(home, repository);
        RegionId? next = others.Select(region => (RegionId?)region).FirstOrDefault(region => !peers.IsSuspect(region!.Value));
        try
        {
            var found = await peers.AskEitherAsync<(bool IsAnswer, long? SizeBytes)>(
                async token => (true, await FindAsync(home, repository, digest, token).ConfigureAwait(false)),
                next is not { } other ? null : async token =>
                {
                    // What it does not have, the home may have.
                    var sizeBytes = await TryFindAsync(other, repository, digest, token).ConfigureAwait(false);
                    return (sizeBytes is not null, sizeBytes);
                },
                found => found.IsAnswer,
                cancellation).ConfigureAwait(false);
            return found.SizeBytes;
        }
        catch (OtherRegionsUnreachableException) when (others.Count > 0)
        {
            // Where the home does not answer, any region that has the blob will do: content is what its digest says.
            var found = await Task.WhenAll(
                others.Select(region => TryFindAsync(region, repository, digest, cancellation))).ConfigureAwait(false);
            if (found.FirstOrDefault(size => size is not null) is { } sizeBytes) return sizeBytes;
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<IBlobReader?> OpenAsync(Digest digest, long sizeBytes, CancellationToken cancellation = default) =>
        fetches.OpenAsync(digest, sizeBytes, cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<Digest, long>> FindManyAsync(
        RepositoryName repository, IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default)
    {
        var found = new Dictionary<Digest, long>();
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        var asked = new FindLinks(repository.ToString(), [.. digests.Select(digest => digest.ToString())], extent.Head)
        {
            Incarnation = extent.Incarnation.ToString(),
        };
        foreach (var answer in await Task.WhenAll(
            OthersThan(map.Self, repository).Select(region => TryFindManyAsync(region, asked, cancellation))).ConfigureAwait(false))
        {
            foreach (var link in answer) found[Digest.Parse(link.Digest)] = link.SizeBytes;
        }

        return found;
    }

    private List<RegionId> OthersThan(RegionId region, RepositoryName repository)
    {
        var policy = map.Current.PolicyOf(repository);
        return [.. map.Others.Select(other => other.Id).Where(other => other != region && policy.Allows(other))];
    }

    private async Task<long?> FindAsync(RegionId region, RepositoryName repository, Digest digest, CancellationToken cancellation)
    {
        using var response = await peers.SendAsync(region, HttpMethod.Head, $"/v2/{repository}/blobs/{digest}", cancellation,
            FindTimeout).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return response.Content.Headers.ContentLength;
        if (response.StatusCode == HttpStatusCode.NotFound) return null;
        throw new OtherRegionsUnreachableException( // It says nothing of the blob.
            $"Region {region} answered {(int)response.StatusCode} when {map.Self} asked it for the blob {digest}.");
    }

    private async Task<long?> TryFindAsync(RegionId region, RepositoryName repository, Digest digest, CancellationToken cancellation)
    {
        try
        {
            return await FindAsync(region, repository, digest, cancellation).ConfigureAwait(false);
        }
        catch (OtherRegionsUnreachableException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<BlobLink>> TryFindManyAsync(RegionId region, FindLinks asked, CancellationToken cancellation)
    {
        try
        {
            using var body = JsonContent.Create(asked);
            var found = await peers.AskAsync<IReadOnlyList<BlobLink>>(
                region, HttpMethod.Post, "/peer/links/find", cancellation, FindManyTimeout, body).ConfigureAwait(false);

            // Of an upload that was announced to this home already, its own links say what has become of it.
            var news = new List<BlobLink>();
            foreach (var link in found)
            {
                if (link.Announcement is not { } id
                    || !await announcements.IsAnnouncementTakenAsync(region, id, cancellation).ConfigureAwait(false)) news.Add(link);
            }

            return news;
        }
        catch (Exception e) when (PeerClient.IsFailureToAnswer(e))
        {
            return []; // Also where it broke off in the middle of its answer.
        }
    }
}

/// <summary>Which of these blobs does a repository have?</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Digests">The blobs.</param>
/// <param name="After">The number of the home's feed that must be applied before: a blob deleted until then is not there.</param>
public sealed record FindLinks(string Repository, IReadOnlyList<string> Digests, long After)
{
    /// <summary>The incarnation of that feed; a region that follows another has nothing to say. Empty from earlier builds.</summary>
    public string Incarnation { get; init; } = "";
}

/// <summary>A blob that a repository has.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record BlobLink(string Digest, long SizeBytes)
{
    /// <summary>The id of the announcement that the home has yet to confirm; null without one.</summary>
    public long? Announcement { get; init; }
}
