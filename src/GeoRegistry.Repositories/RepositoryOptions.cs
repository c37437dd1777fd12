using System.ComponentModel.DataAnnotations;

namespace GeoRegistry.Repositories;

/// <summary>How repositories use memory, and how long uploads wait.</summary>
public sealed class RepositoryOptions
{
    /// <summary>How much memory manifests that were read lately may take, in MiB. Default 64.</summary>
    [Range(1, 65536)]
    public int ManifestCacheMiB { get; set; } = 64;

    /// <summary>How much memory small blobs that were read lately may take, in MiB. Default 32.</summary>
    [Range(1, 65536)]
    public int BlobCacheMiB { get; set; } = 32;

    /// <summary>The largest blob that is kept in memory after it was read, in KiB. Default 64: configs and small artifacts.</summary>
    [Range(0, 1024)]
    public int CachedBlobMaxKiB { get; set; } = 64;

    /// <summary>How long an upload that nothing is sent to is kept, to be resumed. Default 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan UploadExpiry { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The largest blob that may be pushed, in GiB. Default 128.</summary>
    [Range(1, 16384)]
    public int BlobMaxGiB { get; set; } = 128;
}
