using GeoRegistry.Benchmarks.Clients;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>One small thing read repeatedly over 32 connections.</summary>
internal abstract class SmallRead(ScenarioContext context) : IScenario
{
    protected const string Repository = "bench/app";
    private const int Threads = 2;
    private const int Connections = 32;

    public abstract string Name { get; }

    public abstract string Title { get; }

    public Work Work => Work.Requests;

    public bool ServesFiles => true;

    public IReadOnlyList<Target> Targets { get; } = [Target.Ratio("nginx", 0.65), Target.Ratio("docker-registry", 30)];

    public string Note =>
        "The client takes its share of the same processors, which draws ratios of rates towards 1; the server's CPU does not have that.";

    /// <summary>Whether it is asked for with HEAD rather than GET.</summary>
    protected virtual bool OnlyHead => false;

    /// <summary>The path that is read.</summary>
    protected abstract string Path { get; }

    /// <summary>The bytes that are there.</summary>
    protected abstract byte[] Content { get; }

    public void Prepare(IPeer peer)
    {
        Seed(peer);
        using (var connection = new HttpConnection(peer.Address))
        {
            var (answer, body) = connection.Get(Path, $"Accept: {GeoRegistry.Benchmarks.Content.Image.MediaType}\r\n");
            if (answer.Status != 200 || !body.AsSpan().SequenceEqual(Content))
                throw new IOException($"GET {Path} answered {answer.Status} or other bytes.");
        }

        Run(peer, context.Options.WarmUpTime);
    }

    public Measurement Measure(IPeer peer, int round) => Measurement.Take(peer, () => Run(peer, context.Options.RoundTime));

    protected abstract void Seed(IPeer peer);

    private Load Run(IPeer peer, TimeSpan time) => OnlyHead
        ? HeadClient.Run(peer.Address, Path, time, Threads, Connections, context.CancellationToken)
        : Wrk.Get(peer.Address, Path, time, Threads, Connections, context.CancellationToken);
}
