using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories.Regions;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Blobs;

/// <summary>Announces uploaded blobs to the homes of their repositories: at once, and again until the home confirms.</summary>
/// <remarks>
/// An announcement is on disk with the link of the upload. Until the home confirms it, nothing removes that link here; the home's
/// answer gives the upload its place in the ledger's order, so that a deletion from before it does not remove it either.
/// </remarks>
public sealed partial class BlobAnnouncer(RegionMap map, PeerClient peers, IAnnouncements announcements, TimeProvider clock,
    ILogger<BlobAnnouncer> logger) : IBlobAnnouncer
{
    /// <summary>How long an upload waits for the home to confirm it; after that the home is told in the background.</summary>
    private static readonly TimeSpan AnnounceTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How often what is left is announced again, and how many blobs at a time.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private const int BatchBlobs = 10_000;

    /// <inheritdoc/>
    public bool MustAnnounce(RepositoryName repository) => map.Current.HomeOf(repository).Region != map.Self;

    /// <inheritdoc/>
    public async Task AnnounceAsync(RepositoryName repository, Digest digest, long sizeBytes, CancellationToken cancellation = default)
    {
        if (await TryAnnounceAsync(
            new BlobAnnouncement(repository, digest, sizeBytes), cancellation).ConfigureAwait(false) is not { } number) return;

        // The client need not wait until this is on disk: announced once more, the home answers the same.
        _ = ConfirmAsync(repository, digest, number);
    }

    /// <summary>Announces what is left, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(RetryInterval, clock);
        do
        {
            try
            {
                var silent = new HashSet<RegionId>(); // Homes that do not answer are left alone until the next round.
                foreach (var announcement in await announcements.ListAnnouncementsAsync(BatchBlobs, stopping).ConfigureAwait(false))
                {
                    var home = map.Current.HomeOf(announcement.Repository).Region;
                    if (silent.Contains(home)) continue;
                    if (await TryAnnounceAsync(announcement, stopping).ConfigureAwait(false) is { } number)
                        await announcements.ConfirmAnnouncementAsync(announcement.Repository, announcement.Digest, number,
                            stopping).ConfigureAwait(false);
                    else
                        silent.Add(home);
                }
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogFailed(failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false));
    }

    private async Task ConfirmAsync(RepositoryName repository, Digest digest, long number)
    {
        try
        {
            await announcements.ConfirmAnnouncementAsync(repository, digest, number).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LogFailed(failure);
        }
    }

    /// <returns>The number of the ledger's head when the home linked the blob; null where it did not answer.</returns>
    private async Task<long?> TryAnnounceAsync(BlobAnnouncement announcement, CancellationToken cancellation)
    {
        var (repository, digest, sizeBytes) = announcement;
        var home = map.Current.HomeOf(repository).Region;
        if (home == map.Self) return 0; // It has become the home itself.
        try
        {
            var target = $"/peer/links?repository={repository}&digest={digest}&size={sizeBytes}";
            return (await peers.AskAsync<LinkReply>(
                home, HttpMethod.Post, target, cancellation, AnnounceTimeout).ConfigureAwait(false)).Number;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && PeerClient.IsFailureToAnswer(e))
        {
            LogNotAnnounced(digest, home, e.Message);
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "The blob {Digest} could not be announced to its home {Home}; the next round retries: {Reason}")]
    private partial void LogNotAnnounced(Digest digest, RegionId home, string reason);

    [LoggerMessage(2, LogLevel.Error, "Blobs could not be announced; the next round retries.")]
    private partial void LogFailed(Exception failure);
}

/// <summary>What a home answers to the announcement of a blob.</summary>
/// <param name="Number">The number of the ledger's head when the home linked the blob.</param>
public sealed record LinkReply(long Number);
