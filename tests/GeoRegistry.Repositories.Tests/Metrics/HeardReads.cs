using System.Diagnostics.Metrics;
using GeoRegistry.Repositories.Metrics;

namespace GeoRegistry.Repositories.Tests.Metrics;

/// <summary>Counts the looks into one cache, as an exporter does.</summary>
internal sealed class HeardReads : IDisposable
{
    private readonly MeterListener _listener = new();
    private int _hits, _misses;

    public HeardReads(string cache)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == RegistryMetrics.MeterName && instrument.Name == "georegistry.cache.reads")
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            if (!cache.Equals(tags[0].Value)) return;
            if ("hit".Equals(tags[1].Value)) Interlocked.Increment(ref _hits);
            else Interlocked.Increment(ref _misses);
        });
        _listener.Start();
    }

    public int Hits => _hits;

    public int Misses => _misses;

    public void Dispose() => _listener.Dispose();
}
