using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Verification;
using GeoRegistry.Repositories.Regions;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Blobs;

/// <summary>Announces uploaded blobs to the homes of their repositories: at once, and again until the home confirms.</summary>
/// <remarks>
/// An announcement is on disk with the link of the upload. Until the home confirms it, nothing removes that link here; the home's
/// answer gives the upload its place in the ledger's order, so that a deletion from before it does not remove it either. What is announced
/// again is the same announcement, which the home takes once.
/// </remarks>
public sealed partial class BlobAnnouncer(RegionMap map, PeerClient peers, IAnnouncements announcements, TimeProvider clock,
    ILogger<BlobAnnouncer> logger) : IBlobAnnouncer
{
    /// <summary>How long an upload waits for the home to confirm it; after that the home is told in the background.</summary>
    private static readonly TimeSpan AnnounceTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How often what is left is announced again, and how many blobs are read at a time.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private const int BatchBlobs = 1000;

    /// <summary>
    /// How many announcements a home may answer with an error before it is left alone until the next round: what is wrong with one
    /// repository there must not keep the others' from being made.
    /// </summary>
    private const int MaxErrors = 20;

    /// <summary>
    /// The share of a core that reading may take: while a home is silent for long, all that it is to hear of is read each time.
    /// </summary>
    private const double ReadingShare = 0.1;

    /// <inheritdoc/>
    public bool MustAnnounce(RepositoryName repository) => map.Current.HomeOf(repository).Region != map.Self;

    /// <inheritdoc/>
    public async Task AnnounceAsync(BlobAnnouncement announcement, CancellationToken cancellation = default)
    {
        // The client need not wait until this is on disk: announced once more, the home answers the same.
        var (reply, _) = await TryAnnounceAsync(announcement, cancellation).ConfigureAwait(false);
        if (reply is not null) _ = ConfirmAsync(announcement, reply);
    }

    /// <summary>Announces what is left, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(RetryInterval, clock);
        do
        {
            try
            {
                await AnnounceAllAsync(stopping).ConfigureAwait(false);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogFailed(failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false));
    }

    private async Task AnnounceAllAsync(CancellationToken stopping)
    {
        var errors = new Dictionary<RegionId, int>(); // Homes that do not answer count as having made all that they may.
        var pace = new Pace(ReadingShare, long.MaxValue, clock);
        for (var after = 0L; ;)
        {
            var begun = pace.Begin();
            var page = await announcements.ListAnnouncementsAsync(after, BatchBlobs, stopping).ConfigureAwait(false);
            await pace.EndAsync(begun, stopping).ConfigureAwait(false);
            if (page.Count == 0) return;
            after = page[^1].Id;
            foreach (var announcement in page)
            {
                var home = map.Current.HomeOf(announcement.Repository).Region;
                if (errors.GetValueOrDefault(home) >= MaxErrors) continue;
                var (reply, hasAnswered) = await TryAnnounceAsync(announcement, stopping).ConfigureAwait(false);
                if (reply is not null)
                    await announcements.ConfirmAnnouncementAsync(announcement, reply.Number, stopping).ConfigureAwait(false);
                else
                    errors[home] = hasAnswered ? errors.GetValueOrDefault(home) + 1 : MaxErrors;
            }
        }
    }

    private async Task ConfirmAsync(BlobAnnouncement announcement, LinkReply reply)
    {
        try
        {
            await announcements.ConfirmAnnouncementAsync(announcement, reply.Number).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LogFailed(failure);
        }
    }

    /// <returns>What the home says, or null; and whether it answered at all.</returns>
    private async Task<(LinkReply? Reply, bool HasAnswered)> TryAnnounceAsync(
        BlobAnnouncement announcement, CancellationToken cancellation)
    {
        var (repository, digest, sizeBytes, id, firstId) = announcement;
        var home = map.Current.HomeOf(repository).Region;
        if (home == map.Self) return (new LinkReply(null), true); // It has become the home itself.
        try
        {
            var target = $"/peer/links?repository={repository}&digest={digest}&size={sizeBytes}&id={id}&first={firstId}";
            var reply = await peers.AskAsync<LinkReply>(
                home, HttpMethod.Post, target, cancellation, AnnounceTimeout).ConfigureAwait(false);
            return (reply, true);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && PeerClient.IsFailureToAnswer(e))
        {
            LogNotAnnounced(digest, home, e.Message);
            return (null, e is HttpRequestException { StatusCode: not null });
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "The blob {Digest} could not be announced to its home {Home}; the next round retries: {Reason}")]
    private partial void LogNotAnnounced(Digest digest, RegionId home, string reason);

    [LoggerMessage(2, LogLevel.Error, "Blobs could not be announced; the next round retries.")]
    private partial void LogFailed(Exception failure);
}

/// <summary>What a home answers to the announcement of a blob.</summary>
/// <param name="Number">The number of the ledger's head when the home linked the blob; null where this region is the home itself.</param>
public sealed record LinkReply(long? Number);
