using System.Diagnostics;
using System.Diagnostics.Metrics;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// Measures the calls of a store: a duration for each, and a span where a trace is under way. Costs a comparison while nobody listens.
/// </summary>
/// <remarks>Work in the background is in no trace and gets no spans: it would begin a trace for each look into a queue.</remarks>
public sealed class StoreCalls
{
    /// <summary>The name of the meter and of the source of spans.</summary>
    public const string SourceName = "GeoRegistry";

    private static readonly ActivitySource Spans = new(SourceName);
    private static readonly Meter Meter = new(SourceName);

    /// <summary>The bounds of histograms of what stores do, in seconds: from a read of a cached page to a database that is away.</summary>
    public static InstrumentAdvice<double> Buckets { get; } =
        new() { HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] };

    // Its name, unit and attributes are OpenTelemetry's for clients of databases.
    private static readonly Histogram<double> MetadataDuration = Meter.CreateHistogram(
        "db.client.operation.duration", "s", "How long a call of the metadata store took.", tags: null, Buckets);

    private static readonly Histogram<double> BlobDuration = Meter.CreateHistogram(
        "georegistry.blob_store.operation.duration", "s", "How long a call of the blob store took.", tags: null, Buckets);

    private readonly Histogram<double> _duration;
    private readonly string _prefix;
    private readonly string _operationKey;
    private readonly KeyValuePair<string, object?> _store;

    private StoreCalls(Histogram<double> duration, string prefix, string storeKey, string operationKey, string store)
    {
        (_duration, _prefix, _operationKey) = (duration, prefix, operationKey);
        _store = KeyValuePair.Create<string, object?>(storeKey, store);
    }

    /// <summary>The calls of a metadata store.</summary>
    /// <param name="system">The kind of database, as OpenTelemetry names it: <c>sqlite</c>.</param>
    public static StoreCalls OfMetadata(string system) =>
        new(MetadataDuration, system, "db.system.name", "db.operation.name", system);

    /// <summary>The calls of a blob store.</summary>
    /// <param name="store">The kind of store: <c>files</c>.</param>
    public static StoreCalls OfBlobs(string store) => new(BlobDuration, "blobs", "store", "operation", store);

    /// <summary>Whether a call now would be heard of.</summary>
    public bool AreHeard => _duration.Enabled || (Spans.HasListeners() && Activity.Current is not null);

    /// <summary>Makes a call.</summary>
    /// <param name="operation">The method's name; <c>Async</c> at its end is left out.</param>
    /// <param name="call">The call.</param>
    public T Run<T>(string operation, Func<T> call)
    {
        if (!AreHeard) return call();
        using var measured = new Measured(this, operation);
        try
        {
            return call();
        }
        catch (Exception e)
        {
            measured.Failure = e;
            throw;
        }
    }

    /// <inheritdoc cref="Run"/>
    public ValueTask<T> RunAsync<T>(string operation, Func<ValueTask<T>> call) => AreHeard ? MeasureAsync(operation, call) : call();

    /// <summary>Makes a call.</summary>
    /// <param name="operation">The method's name; <c>Async</c> at its end is left out.</param>
    /// <param name="call">The call.</param>
    /// <param name="withSpan">Whether it gets a span in its trace; not where a request makes it any number of times.</param>
    public ValueTask RunAsync(string operation, Func<ValueTask> call, bool withSpan = true)
    {
        return AreHeard ? MeasureAsync() : call();

        async ValueTask MeasureAsync() => await this.MeasureAsync(
            operation,
            async () =>
            {
                await call().ConfigureAwait(false);
                return true;
            },
            withSpan).ConfigureAwait(false);
    }

    private async ValueTask<T> MeasureAsync<T>(string operation, Func<ValueTask<T>> call, bool withSpan = true)
    {
        using var measured = new Measured(this, operation, withSpan);
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            measured.Failure = e;
            throw;
        }
    }

    /// <summary>One call, from now until it is disposed.</summary>
    private sealed class Measured : IDisposable
    {
        private readonly StoreCalls _calls;
        private readonly KeyValuePair<string, object?> _operation;
        private readonly Activity? _span;
        private readonly long _began = Stopwatch.GetTimestamp();

        public Measured(StoreCalls calls, string operation, bool withSpan = true)
        {
            const string Suffix = "Async";
            var name = operation.EndsWith(Suffix, StringComparison.Ordinal) ? operation[..^Suffix.Length] : operation;
            _calls = calls;
            _operation = KeyValuePair.Create<string, object?>(calls._operationKey, name);
            if (withSpan && Activity.Current is not null)
                _span = Spans.StartActivity($"{calls._prefix} {name}", ActivityKind.Client);
            _span?.SetTag(calls._store.Key, calls._store.Value).SetTag(_operation.Key, name);
        }

        public Exception? Failure { get; set; }

        public void Dispose()
        {
            // Whose client has gone, or whose upload another holds now, has met no fault of the store.
            var error = Failure is null or OperationCanceledException or UploadTakenOverException ? null : Failure.GetType().FullName;
            if (error is not null) _span?.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
            _span?.Dispose();
            var tags = new TagList { _calls._store, _operation };
            if (error is not null) tags.Add("error.type", error);
            _calls._duration.Record(Stopwatch.GetElapsedTime(_began).TotalSeconds, tags);
        }
    }
}
