using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Control.Etcd.Wire;
using Google.Protobuf;

namespace GeoRegistry.Regions.Control.Etcd;

/// <content>The regions' leases: one key for each.</content>
public sealed partial class EtcdControlStore : IRegionLeases
{
    private string LeasePrefix => $"{_options.Prefix}/leases/";

    /// <inheritdoc/>
    public async Task<LeaseRenewal> RenewAsync(
        RegionId region, string holder, RegionLease? expected, long topologyVersion, CancellationToken cancellation = default)
    {
        var next = RegionLease.After(expected, region, holder);
        var topology = _lastRead;
        while (true)
        {
            // What was read last is compared by the transaction, so that a renewal needs no read of its own.
            if (VersionOf(topology) != topologyVersion) (topology, _) = await ReadKeyAsync(cancellation).ConfigureAwait(false);
            var version = Parse(topology).Version;
            if (version != topologyVersion) return new LeaseRenewal.TopologyChanged(version);
            var request = new TxnRequest
            {
                Success = { Put(KeyOf(region), LeaseCodec.Write(next)) },
                Failure = { Get(_key), Get(KeyOf(region)) },
            };
            request.Compare.AddRange([.. Unchanged(topology), Is(expected, region)]);
            var (answer, _) = await _client.TxnAsync(request, "renew a lease", cancellation).ConfigureAwait(false);
            if (answer.Succeeded) return new LeaseRenewal.Renewed(next);

            var lease = ReadLease(answer.Responses[1].ResponseRange.Kvs.FirstOrDefault());
            if (lease == next) return new LeaseRenewal.Renewed(next);
            var found = answer.Responses[0].ResponseRange.Kvs.FirstOrDefault();
            if (found is not null && found.Equals(topology)) return new LeaseRenewal.Lost(lease);
            _lastRead = topology = found;
        }
    }

    /// <inheritdoc/>
    public async Task<LeaseList> ListAsync(CancellationToken cancellation = default)
    {
        var range = new RangeRequest
        {
            Key = ByteString.CopyFromUtf8(LeasePrefix),
            RangeEnd = ByteString.CopyFromUtf8(LeasePrefix[..^1] + (char)('/' + 1)),
        };
        var answer = await _client.RangeAsync(range, "list the leases", cancellation).ConfigureAwait(false);
        return new LeaseList([.. answer.Kvs.Select(found => ReadLease(found)!)], _client.Restorations);
    }

    /// <inheritdoc/>
    public async Task<bool> TryRemoveAsync(RegionLease observed, CancellationToken cancellation = default)
    {
        var key = KeyOf(observed.Region);
        var request = new TxnRequest
        {
            Compare = { Is(observed, observed.Region) },
            Success = { new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = key } } },
            Failure = { Get(key) },
        };
        var (answer, _) = await _client.TxnAsync(request, "remove a lease", cancellation).ConfigureAwait(false);
        return answer.Succeeded || answer.Responses[0].ResponseRange.Kvs.Count == 0;
    }

    private static RegionLease? ReadLease(KeyValue? found) => found is null ? null : LeaseCodec.Read(found.Value.Span);

    private static RequestOp Put(ByteString key, byte[] value) =>
        new() { RequestPut = new PutRequest { Key = key, Value = ByteString.CopyFrom(value) } };

    private static RequestOp Get(ByteString key) => new() { RequestRange = new RangeRequest { Key = key } };

    private ByteString KeyOf(RegionId region) => ByteString.CopyFromUtf8($"{LeasePrefix}{region}");

    private Compare Is(RegionLease? expected, RegionId region) => expected is null
        ? new Compare { Key = KeyOf(region), Target = Compare.Types.CompareTarget.Version, Version = 0 }
        : new Compare
        {
            Key = KeyOf(region),
            Target = Compare.Types.CompareTarget.Value,
            Value = ByteString.CopyFrom(LeaseCodec.Write(expected)),
        };
}
