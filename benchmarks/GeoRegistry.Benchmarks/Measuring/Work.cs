namespace GeoRegistry.Benchmarks.Measuring;

/// <summary>What a scenario's rate and cost are counted in.</summary>
internal enum Work
{
    /// <summary>Requests per second, CPU seconds per 1,000 requests.</summary>
    Requests,

    /// <summary>Images per second, CPU seconds per 1,000 images.</summary>
    Images,

    /// <summary>MiB per second, CPU seconds per GiB.</summary>
    Bytes,

    /// <summary>Starts of a process: only the time and the CPU seconds of one.</summary>
    Start,
}
