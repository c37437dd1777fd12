using System.Diagnostics.Metrics;
using GeoRegistry.Replication.Status;
using GeoRegistry.Repositories.Metrics;

namespace GeoRegistry.Server.Metrics;

/// <summary>
/// What <c>georegistry replication status</c> says of a region, as metrics: read from the stores at intervals, not when asked.
/// </summary>
internal sealed partial class StatusMetrics : PeriodicService
{
    private readonly StatusReport _report;
    private readonly ILogger<StatusMetrics> _logger;
    private volatile RegionStatus? _last;

    public StatusMetrics(StatusReport report, TimeProvider clock, ILogger<StatusMetrics> logger)
        : base(TimeSpan.FromSeconds(5), clock)
    {
        (_report, _logger) = (report, logger);
        var meter = new Meter(RegistryMetrics.MeterName);
        OfRegion("georegistry.home.closed", "1", "1 where the region refuses writes as a home.", status => status.Closed is null ? 0 : 1);
        OfRegion("georegistry.verification.unrepaired", "{finding}", "Findings of verification that are not repaired.",
            status => status.Unrepaired ?? 0);
        OfSources("georegistry.replication.completion.lag", "s", "The age of the source's oldest commit that is not complete here.",
            source => source.LagSeconds);
        OfSources("georegistry.replication.silence", "s", "How long ago the source was last heard.", source => source.HeardSeconds ?? 0);
        OfSources("georegistry.replication.set_aside", "{ledger}", "Ledgers of the source that cannot be repaired yet.",
            source => source.SetAside);
        OfSources("georegistry.hydration.pending.blobs", "{blob}", "Blobs that commits of the source await here.",
            source => source.PendingBlobs);
        OfSources("georegistry.hydration.pending.bytes", "By", "The bytes of those blobs.", source => source.PendingBytes);
        OfSources("georegistry.hydration.dead_letters", "{blob}", "Those of them that are not tried any more.",
            source => source.DeadLetters);
        meter.CreateObservableGauge(
            "georegistry.replication.state",
            () => Sources().Select(
                source => new Measurement<int>(1, Of(source), KeyValuePair.Create<string, object?>("state", source.State))),
            "1",
            "1 for the state in which the source is followed.");

        void OfRegion(string name, string unit, string meaning, Func<RegionStatus, double> value) => meter.CreateObservableGauge(
            name, () => _last is { } last ? [new Measurement<double>(value(last))] : Array.Empty<Measurement<double>>(), unit, meaning);

        void OfSources(string name, string unit, string meaning, Func<SourceStatus, double> value) => meter.CreateObservableGauge(
            name, () => Sources().Select(source => new Measurement<double>(value(source), Of(source))), unit, meaning);
    }

    protected override bool BeginsAtOnce => true;

    protected override async Task RunAsync(CancellationToken stopping) => _last = await _report.ReadAsync(stopping);

    [LoggerMessage(1, LogLevel.Debug, "The state of replication could not be read for the metrics; the next round tries again.")]
    protected override partial void LogFailed(Exception failure);

    private static KeyValuePair<string, object?> Of(SourceStatus source) => KeyValuePair.Create<string, object?>("source", source.Region);

    private IEnumerable<SourceStatus> Sources() => _last?.Sources ?? [];
}
