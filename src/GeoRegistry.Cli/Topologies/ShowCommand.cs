using System.CommandLine;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using GeoRegistry.Regions.Topologies;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Topologies;

/// <summary><c>georegistry topology show</c>: the topology in etcd.</summary>
internal static class ShowCommand
{
    private const string Description = """
        Shows the topology that is in etcd.
        With --output json it is the document itself: edit it, raise its version, and put it back with 'topology put'.
        """;

    public static Command Create(ApiCommands api)
    {
        var etcd = new EtcdTarget();
        var command = new Command("show", Description);
        etcd.AddTo(command);
        command.SetAction((parsed, cancellation) => etcd.RunAsync(parsed, api.Console, async store =>
        {
            var topology = await store.ReadAsync(cancellation);
            api.Show(parsed, TopologyReader.Write(topology), () => Render(topology));
            return ExitCode.Done;
        }));
        return command;
    }

    private static Rows Render(Topology topology)
    {
        var regions = Tables.Of("REGION", "PEER", "INCARNATION");
        foreach (var region in topology.Regions)
        {
            regions.Add(
                region.Id.ToString(),
                region.Peer.GetLeftPart(UriPartial.Authority),
                region.Incarnation == default ? null : region.Incarnation.ToString());
        }

        var homes = Tables.Of("PREFIX", "HOME", "EPOCH");
        foreach (var (prefix, home) in topology.Homes) homes.Add($"'{prefix}'", home.Region.ToString(), $"{home.Epoch}");
        var policies = Tables.Of("PREFIX", "REGIONS", "HYDRATION", "DURABILITY", "READS");
        foreach (var (prefix, policy) in topology.Policies)
        {
            policies.Add(
                $"'{prefix}'",
                string.Join(' ', policy.Regions),
                policy.IsLazy ? "lazy" : "eager",
                policy.Durability.ToString().ToLowerInvariant(),
                policy.IsStrict ? "strict" : "nearest");
        }

        var parts = new List<IRenderable> { new Text($"version {topology.Version}\n"), regions, Text.Empty, homes };
        if (topology.Policies.Count > 0) parts.AddRange([Text.Empty, policies]);
        return new Rows(parts);
    }
}
