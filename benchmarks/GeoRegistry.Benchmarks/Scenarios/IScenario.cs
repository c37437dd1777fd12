using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>One thing that is measured, the same way against every server.</summary>
internal interface IScenario
{
    /// <summary>The name on the command line, in lower case with hyphens.</summary>
    string Name { get; }

    /// <summary>What is measured, in a few words.</summary>
    string Title { get; }

    Work Work { get; }

    /// <summary>Whether a server of static files can take part.</summary>
    bool ServesFiles { get; }

    /// <summary>The most rounds that it is worth, where a round costs much time or disk.</summary>
    int MaxRounds => int.MaxValue;

    /// <summary>What a reader of the result has to know; null where nothing.</summary>
    string? Note => null;

    IReadOnlyList<Target> Targets { get; }

    /// <summary>Seeds a server that is ready, checks that it answers what it should, and warms it up.</summary>
    void Prepare(IPeer peer);

    /// <summary>Measures one round.</summary>
    /// <param name="peer">The server; the same content goes to each in the same round.</param>
    /// <param name="round">The number of the round, from 0.</param>
    Measurement Measure(IPeer peer, int round);
}
