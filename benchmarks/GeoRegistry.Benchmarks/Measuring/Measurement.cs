using GeoRegistry.Benchmarks.Peers;

namespace GeoRegistry.Benchmarks.Measuring;

/// <summary>One round of one scenario against one server: what the client saw and what the server used.</summary>
/// <param name="Load">What the client saw.</param>
/// <param name="CpuSeconds">User and system time of the server's processes.</param>
/// <param name="PeakBytes">The peak resident size of the server's processes in this round.</param>
internal sealed record Measurement(Load Load, double CpuSeconds, long PeakBytes)
{
    /// <summary>Runs a load while watching the server.</summary>
    public static Measurement Take(IPeer peer, Func<Load> run)
    {
        var ids = peer.ProcessIds;
        ProcessUsage.ResetPeak(ids);
        var before = ProcessUsage.CpuSeconds(ids);
        var load = run();
        return new Measurement(load, ProcessUsage.CpuSeconds(ids) - before, ProcessUsage.PeakBytes(ids));
    }

    /// <summary>The rate in the unit of the work.</summary>
    public double Rate(Work work) => work == Work.Bytes
        ? Load.Bytes / (1024.0 * 1024) / Load.Elapsed.TotalSeconds
        : Load.Operations / Load.Elapsed.TotalSeconds;

    /// <summary>CPU seconds per GiB, or per 1,000 operations.</summary>
    public double CpuCost(Work work) => work switch
    {
        Work.Bytes => CpuSeconds / (Load.Bytes / (1024.0 * 1024 * 1024)),
        Work.Start => CpuSeconds,
        _ => CpuSeconds / (Load.Operations / 1000.0),
    };
}
