using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Regions;

/// <summary>
/// What of this home's may be shown, by whom, and when. A name is a tag, a digest, or
/// <see cref="VisibleNames.Referrers"/>.
/// </summary>
/// <remarks>
/// Other regions answer from their own memory while they hold a lease. Until all of them have followed a change of what they may
/// show, nobody shows the new state alone; so reads are linear over all regions.
/// </remarks>
public interface IVisibility
{
    /// <summary>Records that names are about to change, before that can be read.</summary>
    /// <returns>The change, which must be told how the append ended; null where no other region is concerned.</returns>
    ValueTask<IVisibleChange?> BeginChangeAsync(RepositoryName repository, IReadOnlyList<string> names,
        CancellationToken cancellation = default);

    /// <summary>Returns once the last changes of these names are shown everywhere; at once where all of them are.</summary>
    Task AwaitShownAsync(RepositoryName repository, IReadOnlyList<string> names);

    /// <summary>Returns once every region that may show the repository has followed this region's feed to a position.</summary>
    Task AwaitFollowedAsync(RepositoryName repository, FeedPosition position, CancellationToken cancellation = default);
}

/// <summary>An append under way that changes what others may show.</summary>
public interface IVisibleChange
{
    /// <summary>It is on disk.</summary>
    /// <param name="position">Its place in this region's feed.</param>
    /// <returns>Ends when it is shown everywhere, whoever waits for it.</returns>
    Task Appended(FeedPosition position);

    /// <summary>It was not appended, or that is not known.</summary>
    void Failed(bool isUnknown);
}
