using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using GeoRegistry.Regions.Control.Etcd.Wire;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Regions.Control.Etcd;

/// <summary>Asks the members of an etcd cluster: another where one fails, and all again until the timeout.</summary>
/// <remarks>
/// Every request is linearizable, and may be repeated: those that write compare first what is there. That is why a repeated answer says
/// that it is one. A request without an answer may still be carried out after it was given up.
/// </remarks>
internal sealed partial class EtcdClient(EtcdOptions options, TimeProvider clock, ILogger logger) : IDisposable
{
    /// <summary>How many attempts have time before the timeout where members hang.</summary>
    private const int AttemptsWithinTimeout = 3;

    /// <summary>How often a key is read though its watch is silent: something between may swallow what a member sends.</summary>
    private static readonly TimeSpan LongestWatch = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromMilliseconds(400);

    private readonly ILogger _logger = logger;
    private readonly EtcdMember[] _members = [.. options.Members.Select(endpoint => new EtcdMember(endpoint, options, clock))];
    private readonly Lock _turn = new();
    private volatile int _preferred;
    private Seen _seen;

    /// <summary>Grows when what etcd has went back: it was restored from a snapshot, or another cluster is in its place.</summary>
    public int Restorations
    {
        get
        {
            lock (_turn) return _seen.Restorations;
        }
    }

    /// <summary>Reads keys.</summary>
    /// <param name="request">Which.</param>
    /// <param name="what">What it is for, as in: etcd was to …</param>
    /// <exception cref="ControlStoreUnavailableException">No member answered in time, or one refused.</exception>
    public async Task<RangeResponse> RangeAsync(RangeRequest request, string what, CancellationToken cancellation) => (await CallAsync(
        what,
        (invoker, call) => new KV.KVClient(invoker).RangeAsync(request, call),
        answer => answer.Header,
        cancellation).ConfigureAwait(false)).Answer;

    /// <summary>Carries out a transaction, which must compare what it changes: it may be sent more than once.</summary>
    /// <param name="request">The transaction.</param>
    /// <param name="what">What it is for, as in: etcd was to …</param>
    /// <returns>The answer, and whether an earlier attempt may have been carried out, too.</returns>
    /// <exception cref="ControlStoreUnavailableException">No member answered in time, or one refused; in time or later it may have been
    /// carried out.</exception>
    public Task<(TxnResponse Answer, bool IsRepeated)> TxnAsync(TxnRequest request, string what, CancellationToken cancellation) =>
        CallAsync(what, (invoker, call) => new KV.KVClient(invoker).TxnAsync(request, call), answer => answer.Header, cancellation);

    /// <summary>Waits until a key may have changed; whoever waits reads it then, because only a read says what is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="revision">The first revision at which it would be a change.</param>
    /// <returns>False where the watch ended by a fault, before anything changed as far as is known.</returns>
    public async Task<bool> WaitForChangeAsync(ByteString key, long revision, CancellationToken cancellation)
    {
        var index = _preferred;
        using var limit = new CancellationTokenSource(LongestWatch, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            using var call = await _members[index].OpenWatchAsync(options.Timeout, either.Token).ConfigureAwait(false);
            var create = new WatchCreateRequest { Key = key, StartRevision = revision };
            await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = create }, either.Token).ConfigureAwait(false);
            while (await call.ResponseStream.MoveNext(either.Token).ConfigureAwait(false))
            {
                var response = call.ResponseStream.Current;
                if (response.Events.Count > 0 || response.CompactRevision > 0) return true;
                if (response.Canceled) break;
            }
        }
        catch (Exception e) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            LogSilent(e, _members[index].Endpoint);
            return true;
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException or InvalidOperationException)
        {
            cancellation.ThrowIfCancellationRequested();
            LogFailed(_members[index].Endpoint, "watch", EtcdFault.Describe(e));
        }

        _members[index].ForgetToken(); // A watch with an old token is cancelled without saying so.
        Avoid(index);
        return false;
    }

    /// <summary>Waits before something is tried again that failed: longer each time, and not as long as others do.</summary>
    /// <param name="failures">How often it failed; 1 or more.</param>
    public Task PauseAsync(int failures, CancellationToken cancellation)
    {
        var pause = Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(failures - 1, 10));
        var jittered = pause / 100 * RandomNumberGenerator.GetInt32(50, 101);
        return Task.Delay(TimeSpan.FromTicks(jittered), clock, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var member in _members) member.Dispose();
    }

    private async Task<(T Answer, bool IsRepeated)> CallAsync<T>(
        string what,
        Func<CallInvoker, CallOptions, AsyncUnaryCall<T>> send,
        Func<T, ResponseHeader> header,
        CancellationToken cancellation)
    {
        var (began, before) = (clock.GetTimestamp(), Snapshot());
        var faults = new Dictionary<Uri, string>();
        Exception? last = null;
        for (var attempt = 0; ; attempt++)
        {
            if (attempt > 0 && attempt % _members.Length == 0)
                await PauseAsync(attempt / _members.Length, cancellation).ConfigureAwait(false);
            var left = options.Timeout - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) throw Unanswered(what, faults, last);

            var index = _preferred;
            try
            {
                var timeout = TimeSpan.FromTicks(Math.Min(left.Ticks, options.Timeout.Ticks / AttemptsWithinTimeout));
                var answer = await _members[index].CallAsync(send, timeout, cancellation).ConfigureAwait(false);
                Observe(header(answer), before);
                return (answer, attempt > 0);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && EtcdFault.IsTransient(e))
            {
                faults[_members[index].Endpoint] = EtcdFault.Describe(last = e);
                LogFailed(_members[index].Endpoint, what, EtcdFault.Describe(e));
                Avoid(index);
            }
            catch (Exception e) when (EtcdFault.IsRefusal(e))
            {
                cancellation.ThrowIfCancellationRequested();
                throw Refused(what, _members[index].Endpoint, e);
            }
        }
    }

    private ControlStoreUnavailableException Refused(string what, Uri endpoint, Exception failure)
    {
        var happened = failure is RpcException ? "refused" : "could not be asked";
        return new ControlStoreUnavailableException(
            $"etcd at {Name(endpoint)} was to {what} and {happened}: {EtcdFault.Describe(failure).TrimEnd('.')}."
                + EtcdFault.RemedyOf(failure, options),
            failure);
    }

    private ControlStoreUnavailableException Unanswered(string what, Dictionary<Uri, string> faults, Exception? last) => new(
        $"etcd was to {what} and did not answer within {options.Timeout.TotalSeconds} s: "
            + string.Join("; ", faults.Select(fault => $"{Name(fault.Key)}: {fault.Value}"))
            + ". It answers while more than half of its members run and reach each other.",
        last);

    // Others that failed at the same member have moved on already.
    private void Avoid(int index) => Interlocked.CompareExchange(ref _preferred, (index + 1) % _members.Length, index);

    private Seen Snapshot()
    {
        lock (_turn) return _seen;
    }

    // An answer is no older than one that had arrived when it was asked for, unless etcd went back between the two.
    private void Observe(ResponseHeader now, Seen before)
    {
        lock (_turn)
        {
            var isOther = before.ClusterId != 0 && (now.ClusterId != before.ClusterId || now.Revision < before.Revision);
            if (isOther && _seen.Restorations == before.Restorations)
            {
                LogRestored(now.Revision, before.Revision);
                _seen = new Seen(now.ClusterId, now.Revision, before.Restorations + 1);
            }
            else if (_seen.ClusterId == 0 || (now.ClusterId == _seen.ClusterId && now.Revision > _seen.Revision && !isOther))
            {
                _seen = _seen with { ClusterId = now.ClusterId, Revision = now.Revision };
            }
        }
    }

    private static string Name(Uri endpoint) => endpoint.GetLeftPart(UriPartial.Authority);

    /// <summary>The newest that etcd was seen at.</summary>
    private readonly record struct Seen(ulong ClusterId, long Revision, int Restorations);
}
