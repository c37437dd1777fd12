using System.Text.Json;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Replication;

namespace GeoRegistry.Cli.Up;

/// <summary>
/// What a running cluster looks like from outside: which processes have ended, and what the first reachable region says
/// of all.
/// </summary>
internal sealed class ClusterWatch(LocalCluster cluster, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Timeout = TimeSpan.FromSeconds(5);

    private readonly HashSet<ChildProcess> _ended = [];
    private readonly Dictionary<ChildProcess, RegistryApi> _apis =
        cluster.Regions.ToDictionary(child => child, child => new RegistryApi(child.Address!, Timeout));

    /// <summary>Looks once a second until every region has ended.</summary>
    /// <param name="say">Is given what an operator must hear, once: a process that ended by itself, a log that cannot be written.</param>
    /// <param name="seen">Is given what there is to see; null where no region says anything.</param>
    /// <param name="stop">Ends it with an <see cref="OperationCanceledException"/>.</param>
    public async Task RunAsync(Action<string> say, Action<ReplicationReport?> seen, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            foreach (var line in cluster.All.SelectMany(NewsOf)) say(line);

            seen(await AskAsync(stop));
            if (cluster.Regions.All(child => !child.IsRunning)) return;
        }
        while (await timer.WaitForNextTickAsync(stop));
    }

    public void Dispose()
    {
        foreach (var api in _apis.Values) api.Dispose();
    }

    private IEnumerable<string> NewsOf(ChildProcess child)
    {
        if (child.TakeLogLoss() is { } loss) yield return loss;
        if (child.IsRunning || !_ended.Add(child)) yield break;
        foreach (var line in Describe(child)) yield return line;
    }

    private static IEnumerable<string> Describe(ChildProcess child) => child.LastLines.Select(line => $"  {line}")
        .Prepend($"{child.Name} exited with code {child.ExitCode}; the others go on. The end of {child.LogFile}:");

    private async Task<ReplicationReport?> AskAsync(CancellationToken stop)
    {
        foreach (var child in cluster.Regions.Where(child => child.IsRunning))
        {
            if (await _apis[child].SendAsync(HttpMethod.Get, "/api/v1/replication", stop) is not ApiAnswer.Body body) continue;
            try
            {
                return JsonSerializer.Deserialize(body.Json, ApiJson.Default.ReplicationReport);
            }
            catch (JsonException)
            {
                // Not an answer that this program understands; the next region may give one.
            }
        }

        return null;
    }
}
