using System.Diagnostics;
using System.Diagnostics.Metrics;
using GeoRegistry.Repositories.Uploads;

namespace GeoRegistry.Repositories.Metrics;

/// <summary>
/// What the registry counts. Names and units follow OpenTelemetry's conventions; no attribute is a repository, tag or
/// digest.
/// </summary>
public static class RegistryMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "GeoRegistry";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> CommitDuration = Meter.CreateHistogram<double>(
        "georegistry.commit.duration", "s", "How long a commit took from its decision until it was on disk.");

    private static readonly Counter<long> BlobBytes = Meter.CreateCounter<long>(
        "georegistry.blob.io", "By", "Bytes of blobs received from clients and sent to them.");

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
