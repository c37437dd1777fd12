using System.Runtime.CompilerServices;
using GeoRegistry.Regions.Control.Etcd.Wire;
using GeoRegistry.Regions.Topologies;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Regions.Control.Etcd;

/// <summary>The control store of regions that share an etcd cluster: the topology is the value of one key.</summary>
/// <remarks>
/// Reads are linearizable. The topology is replaced by a transaction that compares the revision of the key and its value: revisions are
/// given again after etcd was restored from a snapshot. A watch only says that something may have changed; what it is, a read says.
/// </remarks>
public sealed partial class EtcdControlStore : IControlStore, IDisposable
{
    private readonly EtcdOptions _options;
    private readonly EtcdClient _client;
    private readonly ByteString _key;
    private volatile KeyValue? _lastRead;

    /// <summary>A client of the cluster; it connects with the first request.</summary>
    /// <param name="options">How it is reached; valid.</param>
    /// <param name="clock">The time of timeouts and pauses.</param>
    /// <param name="logger">Where it is said that etcd was restored.</param>
    public EtcdControlStore(EtcdOptions options, TimeProvider clock, ILogger<EtcdControlStore> logger)
    {
        _options = options;
        _client = new EtcdClient(options, clock, logger);
        _key = ByteString.CopyFromUtf8($"{options.Prefix}/topology");
    }

    private string Place => $"{_key.ToStringUtf8()} of etcd at {_options.Endpoints}";

    /// <inheritdoc/>
    public async Task<Topology> ReadAsync(CancellationToken cancellation = default) =>
        Parse((await ReadKeyAsync(cancellation).ConfigureAwait(false)).Found);

    /// <inheritdoc/>
    public async Task<bool> TryReplaceAsync(long expectedVersion, Topology next, CancellationToken cancellation = default)
    {
        if (next.Version <= expectedVersion)
            throw new ArgumentException($"Version {next.Version} cannot follow {expectedVersion}.", nameof(next));
        var document = ByteString.CopyFrom(TopologyReader.Write(next));
        var (current, _) = await ReadKeyAsync(cancellation).ConfigureAwait(false);
        if (current?.Value == document) return true;
        if (VersionOf(current) != expectedVersion) return false;

        var request = new TxnRequest
        {
            Success = { new RequestOp { RequestPut = new PutRequest { Key = _key, Value = document } } },
            Failure = { Get(_key) },
        };
        request.Compare.AddRange(Unchanged(current));
        var (answer, isRepeated) = await _client.TxnAsync(request, "replace the topology", cancellation).ConfigureAwait(false);
        if (answer.Succeeded) return true;
        var found = answer.Responses[0].ResponseRange.Kvs.FirstOrDefault();
        if (found?.Value == document) return true; // By an attempt whose answer was lost.
        if (!isRepeated || VersionOf(found) <= next.Version) return false;
        throw new ControlStoreUnavailableException(
            $"It is not known whether version {next.Version} of the topology was written: the answer was lost, and {Place} has version "
                + $"{VersionOf(found)} by now. Read that, and decide again.");
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Topology> WatchAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var (given, restorations, failures) = ((ByteString?)null, 0, 0);
        while (true)
        {
            var (found, revision) = await ReadKeyAsync(cancellation).ConfigureAwait(false);
            if (found is null || found.Value != given || _client.Restorations != restorations)
            {
                yield return Parse(found);
                (given, restorations) = (found!.Value, _client.Restorations);
            }

            failures = await _client.WaitForChangeAsync(_key, revision + 1, cancellation).ConfigureAwait(false) ? 0 : failures + 1;
            if (failures > 0) await _client.PauseAsync(failures, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<(KeyValue? Found, long Revision)> ReadKeyAsync(CancellationToken cancellation)
    {
        var answer = await _client.RangeAsync(new RangeRequest { Key = _key }, "read the topology", cancellation).ConfigureAwait(false);
        return (_lastRead = answer.Kvs.FirstOrDefault(), answer.Header.Revision);
    }

    private IEnumerable<Compare> Unchanged(KeyValue? current) => current is null
        ? [new Compare { Key = _key, Target = Compare.Types.CompareTarget.Version, Version = 0 }]
        :
        [
            new Compare { Key = _key, Target = Compare.Types.CompareTarget.Mod, ModRevision = current.ModRevision },
            new Compare { Key = _key, Target = Compare.Types.CompareTarget.Value, Value = current.Value },
        ];

    private long VersionOf(KeyValue? found) => found is null ? 0 : Parse(found).Version;

    private Topology Parse(KeyValue? found)
    {
        if (found is null)
            throw new InvalidDataException(
                $"There is no topology under {Place}: put one there with 'georegistry topology put FILE --etcd {_options.Endpoints}' "
                    + "(cluster-config/three-regions has an example).");
        return TopologyReader.Read(found.Value.Span, out var faults)
            ?? throw new InvalidDataException(
                $"The topology under {Place} cannot be used:{string.Concat(faults.Select(fault => $"\n  {fault}"))}");
    }
}
