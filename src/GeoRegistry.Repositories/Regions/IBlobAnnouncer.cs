using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Regions;

/// <summary>Announces blobs that were uploaded here to the home of their repository.</summary>
public interface IBlobAnnouncer
{
    /// <summary>Whether the repository's home is elsewhere, so that it has to hear of an upload.</summary>
    bool MustAnnounce(RepositoryName repository);

    /// <summary>
    /// Announces a blob now. Where the home does not answer in time, it is announced later: the announcement is on disk
    /// already.
    /// </summary>
    Task AnnounceAsync(BlobAnnouncement announcement, CancellationToken cancellation = default);
}
