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

    /// <summary>
    /// How many uploads may be open in a region. Default 10,000. Each takes a file on disk and, for the minutes after it was used, about
    /// 1 KiB of memory; beyond it, beginning another is refused with 429 until some are completed or expire.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxOpenUploads { get; set; } = 10_000;

    /// <summary>
    /// How long the body of an upload may send nothing before the request ends with 408. Default 5 minutes: sources
    /// compress, and disks wait.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan UploadIdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The largest blob that may be pushed, in GiB. Default 128.</summary>
    [Range(1, 16384)]
    public int BlobMaxGiB { get; set; } = 128;
}
