using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

/// <summary>A blob store that fails at the calls that a test names, and counts all calls.</summary>
/// <remarks>
/// A call that fails does nothing in the store behind it, as with a disk that is full or a storage that is away; or, where the test
/// says so, it does all and fails after, as where the answer of a storage is lost.
/// </remarks>
/// <param name="inner">The store behind it.</param>
/// <param name="faults">Faults that it shares with other stores, which count its calls as <c>Blob.Append</c> and the like; null for
/// none.</param>
public sealed class FaultyBlobStore(IBlobStore inner, StoreFaults? faults = null) : IBlobStore
{
    private readonly ConcurrentDictionary<StoreCall, int> _counts = new();
    private readonly ConcurrentDictionary<StoreCall, Fault> _faults = new();
    private readonly ConcurrentDictionary<StoreCall, Action> _before = new();

    /// <summary>Lets calls of one kind fail.</summary>
    /// <param name="call">The kind.</param>
    /// <param name="failure">Makes what is thrown; null for a full disk's.</param>
    /// <param name="first">The first that fails, counted from 1.</param>
    /// <param name="last">The last that fails; null for all from the first on.</param>
    /// <param name="afterwards">Whether the call does its work before it fails.</param>
    public FaultyBlobStore FailAt(
        StoreCall call, Func<Exception>? failure = null, int first = 1, int? last = null, bool afterwards = false)
    {
        _faults[call] = new Fault(failure ?? (() => new IOException("No space left on device")), first, last ?? int.MaxValue, afterwards);
        return this;
    }

    /// <summary>Has something done before the next call of one kind: what another caller does at that moment.</summary>
    public FaultyBlobStore Before(StoreCall call, Action act)
    {
        _before[call] = act;
        return this;
    }

    /// <summary>Lets every call succeed from now on.</summary>
    public void Heal() => _faults.Clear();

    /// <summary>How many calls of a kind there were, those that failed with them.</summary>
    public int CountOf(StoreCall call) => _counts.GetValueOrDefault(call);

    public ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default) =>
        CallAsync(StoreCall.Find, () => inner.FindAsync(digest, cancellation));

    public ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default) =>
        CallAsync<IBlobReader?>(
            StoreCall.Open, async () => await inner.OpenAsync(digest, cancellation) is { } reader ? new Reader(this, reader) : null);

    public ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default) =>
        CallAsync<IBlobUpload>(StoreCall.Begin, async () => new Upload(this, await inner.BeginUploadAsync(key, cancellation)));

    public ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default) =>
        CallAsync<IBlobUpload?>(
            StoreCall.Resume,
            async () => await inner.ResumeUploadAsync(key, cancellation) is { } upload ? new Upload(this, upload) : null);

    public ValueTask<IReadOnlyDictionary<Digest, long>> StatManyAsync(
        IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default) =>
        CallAsync(StoreCall.StatMany, () => inner.StatManyAsync(digests, cancellation));

    public IAsyncEnumerable<StoredBlob> ListAsync(CancellationToken cancellation = default) =>
        ListAsync(StoreCall.List, () => inner.ListAsync(cancellation));

    public ValueTask<bool> TouchAsync(Digest digest, CancellationToken cancellation = default) =>
        CallAsync(StoreCall.Touch, () => inner.TouchAsync(digest, cancellation));

    public async Task<bool> DeleteAsync(Digest digest, DateTimeOffset? ifOlderThan = null, CancellationToken cancellation = default) =>
        await CallAsync(StoreCall.Delete, async () => await inner.DeleteAsync(digest, ifOlderThan, cancellation));

    public async Task SetAsideAsync(Digest digest, CancellationToken cancellation = default) =>
        await CallAsync(StoreCall.SetAside, async () => await inner.SetAsideAsync(digest, cancellation));

    public IAsyncEnumerable<StoredUpload> ListUploadsAsync(CancellationToken cancellation = default) =>
        ListAsync(StoreCall.ListUploads, () => inner.ListUploadsAsync(cancellation));

    private async IAsyncEnumerable<T> ListAsync<T>(StoreCall call, Func<IAsyncEnumerable<T>> list)
    {
        var listed = await CallAsync(call, () => new ValueTask<IAsyncEnumerable<T>>(list()));
        await foreach (var item in listed) yield return item;
    }

    private async ValueTask<T> CallAsync<T>(StoreCall call, Func<ValueTask<T>> run)
    {
        var number = _counts.AddOrUpdate(call, 1, (_, count) => count + 1);
        if (_before.TryRemove(call, out var act)) act();
        var failing = _faults.GetValueOrDefault(call) is { } fault && number >= fault.First && number <= fault.Last ? fault : null;
        if (failing is { Afterwards: false }) throw failing.Failure();
        var shared = faults?.NextOf($"Blob.{call}");
        if (shared is InjectedFault.NotRun or InjectedFault.Cancelled) throw StoreFaults.FailureOf($"{call}", shared.Value);
        var result = await run();
        if (shared is { } answerLost) throw StoreFaults.FailureOf($"{call}", answerLost);
        return failing is null ? result : throw failing.Failure();
    }

    private async ValueTask CallAsync(StoreCall call, Func<ValueTask> run) =>
        await CallAsync(call, async () =>
        {
            await run();
            return true;
        });

    private sealed record Fault(Func<Exception> Failure, int First, int Last, bool Afterwards);

    private sealed class Reader(FaultyBlobStore store, IBlobReader inner) : IBlobReader
    {
        public long SizeBytes => inner.SizeBytes;

        public RegionId? Source => inner.Source;

        public async ValueTask<Stream> OpenRangeAsync(long offset, long lengthBytes, CancellationToken cancellation = default)
        {
            var range = await inner.OpenRangeAsync(offset, lengthBytes, cancellation);
            return new BlobRangeStream(
                (_, buffer, stop) => store.CallAsync(StoreCall.ReadBlob, () => range.ReadAsync(buffer, stop)), offset, lengthBytes);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Upload(FaultyBlobStore store, IBlobUpload inner) : IBlobUpload
    {
        public string Holder => inner.Holder;

        public string? PreviousHolder => inner.PreviousHolder;

        public long FlushWorthBytes => inner.FlushWorthBytes;

        public long SizeBytes => inner.SizeBytes;

        public long FlushedBytes => inner.FlushedBytes;

        public ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default) =>
            store.CallAsync(StoreCall.Append, () => inner.AppendAsync(data, cancellation));

        public ValueTask FlushAsync(CancellationToken cancellation = default) =>
            store.CallAsync(StoreCall.Flush, () => inner.FlushAsync(cancellation));

        public ValueTask TruncateAsync(long sizeBytes, CancellationToken cancellation = default) =>
            store.CallAsync(StoreCall.Truncate, () => inner.TruncateAsync(sizeBytes, cancellation));

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default) =>
            store.CallAsync(StoreCall.Read, () => inner.ReadAsync(offset, buffer, cancellation));

        public async Task CommitAsync(Digest digest, CancellationToken cancellation = default) =>
            await store.CallAsync(StoreCall.Commit, async () => await inner.CommitAsync(digest, cancellation));

        public ValueTask DiscardAsync(CancellationToken cancellation = default) =>
            store.CallAsync(StoreCall.Discard, () => inner.DiscardAsync(cancellation));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
