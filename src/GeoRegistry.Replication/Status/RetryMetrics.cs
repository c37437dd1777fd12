using Microsoft.Extensions.Logging.Abstractions;
using Polly;
using Polly.Telemetry;

namespace GeoRegistry.Replication.Status;

/// <summary>Has Polly count what its pipelines retry.</summary>
public static class RetryMetrics
{
    /// <summary>The name of Polly's meter.</summary>
    public const string MeterName = "Polly";

    // Counted and not logged: a region that is away is tried again for as long as that lasts.
    private static readonly TelemetryOptions Options = new() { LoggerFactory = NullLoggerFactory.Instance };

    /// <summary>Counts what a pipeline retries, under a name.</summary>
    internal static TBuilder CountedAs<TBuilder>(this TBuilder builder, string name)
        where TBuilder : ResiliencePipelineBuilderBase
    {
        builder.Name = name;
        return builder.ConfigureTelemetry(Options);
    }
}
