using System.Diagnostics.Metrics;
using GeoRegistry.Ledgers;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Repositories.Metrics;

namespace GeoRegistry.Replication.Status;

/// <summary>What replication counts; conventions as in <see cref="RegistryMetrics"/>.</summary>
internal static class ReplicationMetrics
{
    private static readonly Meter Meter = new(RegistryMetrics.MeterName);

    private static readonly Counter<long> HydratedBytes = Meter.CreateCounter<long>(
        "georegistry.hydration.bytes", "By", "Bytes of blobs that came from other regions, by way.");

    private static readonly Counter<long> Fetches = Meter.CreateCounter<long>(
        "georegistry.hydration.fetches", "{fetch}", "Fetches of blobs from other regions, by outcome.");

    private static readonly Counter<long> LeaseRequests = Meter.CreateCounter<long>(
        "georegistry.lease.requests", "{request}", "Reports of other regions to this home, by what became of their read leases.");

    /// <summary>Counts a report of a region, by which it gets a lease or not.</summary>
    public static void LeaseAsked(RegionId region, bool wasHeld, bool isGranted) => LeaseRequests.Add(
        1,
        KeyValuePair.Create<string, object?>("holder", region.ToString()),
        KeyValuePair.Create<string, object?>("outcome", isGranted ? "granted" : wasHeld ? "ended" : "refused"));

    public static void Fetched(FetchOutcome outcome)
    {
        if (outcome is FetchOutcome.Stored(var receivedBytes, var copiedBytes))
        {
            if (receivedBytes > 0) HydratedBytes.Add(receivedBytes, KeyValuePair.Create<string, object?>("way", "sent"));
            if (copiedBytes > 0) HydratedBytes.Add(copiedBytes, KeyValuePair.Create<string, object?>("way", "copied"));
        }

        Fetches.Add(1, KeyValuePair.Create<string, object?>("outcome", outcome switch
        {
            FetchOutcome.Stored => "stored",
            FetchOutcome.NotFound => "not_found",
            _ => "failed",
        }));
    }

    /// <summary>Registers the gauges of a tail. To be called once for each tail.</summary>
    public static void Observe(TailState state)
    {
        var source = KeyValuePair.Create<string, object?>("source", state.Source.ToString());
        Meter.CreateObservableGauge(
            "georegistry.replication.lag",
            () => new Measurement<double>(state.Behind?.TotalSeconds ?? 0, source),
            "s",
            "How long ago all that the source had was applied; 0 where nothing is awaited.");
        Meter.CreateObservableGauge(
            "georegistry.replication.behind",
            () => new Measurement<long>(state.Head - state.Applied.Position, source),
            "{commit}",
            "Commits of the source that are not applied.");
        Meter.CreateObservableGauge(
            "georegistry.lease.held",
            () => new Measurement<int>(state.Visibility.HoldsLease ? 1 : 0, source),
            "1",
            "1 where this region holds a read lease of the source.");
    }
}
