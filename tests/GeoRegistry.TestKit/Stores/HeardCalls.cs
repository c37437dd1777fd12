using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.TestKit.Stores;

/// <summary>Hears the spans and durations of stores' calls, of one trace that is under way from the beginning to the end.</summary>
/// <remarks>Durations of other tests are heard too: ask for those of a store or an operation that is one's own.</remarks>
public sealed class HeardCalls : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ConcurrentQueue<(string Instrument, IReadOnlyDictionary<string, object?> Tags)> _durations = [];
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == StoreCalls.SourceName,
        Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    private readonly MeterListener _meters = new();

    public HeardCalls()
    {
        _listener.ActivityStopped = span =>
        {
            if (span.TraceId == Trace.TraceId) _spans.Enqueue(span);
        };
        ActivitySource.AddActivityListener(_listener);
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == StoreCalls.SourceName) listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
            _durations.Enqueue((instrument.Name, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value))));
        _meters.Start();
        Trace.Start();
    }

    /// <summary>The trace, as a request begins one.</summary>
    public Activity Trace { get; } = new("request");

    /// <summary>The spans that have ended, in that order.</summary>
    public IReadOnlyList<Activity> Spans => [.. _spans];

    /// <summary>The attributes of an instrument's durations.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, object?>> DurationsOf(string instrument) =>
        [.. _durations.Where(duration => duration.Instrument == instrument).Select(duration => duration.Tags)];

    public void Dispose()
    {
        Trace.Dispose();
        _listener.Dispose();
        _meters.Dispose();
    }
}
