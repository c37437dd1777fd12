namespace GeoRegistry.Repositories.Uploads;

/// <summary>What bounds one upload.</summary>
/// <param name="MaxSizeBytes">The largest blob.</param>
/// <param name="IdleTimeout">How long a body may send nothing.</param>
internal sealed record UploadLimits(long MaxSizeBytes, TimeSpan IdleTimeout)
{
    public static UploadLimits Of(RepositoryOptions options) => new(options.BlobMaxGiB * 1024L * 1024L * 1024L, options.UploadIdleTimeout);
}
