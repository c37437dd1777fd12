using System.Diagnostics;
using System.Diagnostics.Metrics;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Repositories.Uploads;

namespace GeoRegistry.Repositories.Metrics;

/// <summary>
/// What the registry counts. Names and units follow OpenTelemetry's conventions; no attribute is a repository, tag or
/// digest.
/// </summary>
public static class RegistryMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = StoreCalls.SourceName;

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> CommitDuration = Meter.CreateHistogram(
        "georegistry.commit.duration", "s", "How long a commit took from its decision until it was on disk.", tags: null,
        StoreCalls.Buckets);

    private static readonly Counter<long> BlobBytes = Meter.CreateCounter<long>(
        "georegistry.blob.io", "By", "Bytes of blobs received from clients and sent to them.");

    private static readonly Counter<long> CacheReads = Meter.CreateCounter<long>(
        "georegistry.cache.reads", "{read}", "Looks into the caches of manifests and of blobs' links, by whether it was there.");

    /// <summary>Counts a look into a cache; this is on the way of each pull, and allocates nothing.</summary>
    internal static void CacheRead(string cache, bool isHit) => CacheReads.Add(
        1, KeyValuePair.Create<string, object?>("cache", cache), KeyValuePair.Create<string, object?>("outcome", isHit ? "hit" : "miss"));

    /// <summary>Counts a commit, or an attempt at one that another writer preceded.</summary>
    internal static void Committed(long startTimestamp, bool appended)
    {
        if (CommitDuration.Enabled)
            CommitDuration.Record(Stopwatch.GetElapsedTime(startTimestamp).TotalSeconds,
                KeyValuePair.Create<string, object?>("outcome", appended ? "appended" : "head_moved"));
    }

    /// <summary>Counts bytes of a blob that came in.</summary>
    internal static void Received(long sizeBytes) =>
        BlobBytes.Add(sizeBytes, KeyValuePair.Create<string, object?>("direction", "receive"));

    /// <summary>Counts bytes of a blob that went out.</summary>
    public static void Sent(long sizeBytes) => BlobBytes.Add(sizeBytes, KeyValuePair.Create<string, object?>("direction", "transmit"));

    /// <summary>Registers the gauge of upload sessions in memory. To be called once for a process.</summary>
    public static void ObserveUploads(UploadSessions uploads) =>
        Meter.CreateObservableUpDownCounter("georegistry.upload.open", () => uploads.Count, "{upload}", "Upload sessions in memory.");
}
