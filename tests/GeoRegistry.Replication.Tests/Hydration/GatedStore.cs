using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>A blob store whose uploads are committed only when a test lets them.</summary>
internal sealed class GatedStore(IBlobStore inner) : IBlobStore
{
    private readonly TaskCompletionSource _committing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when an upload is about to be committed.</summary>
    public Task Committing => _committing.Task;

    public void Open() => _gate.SetResult();

    public ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default) => inner.FindAsync(digest, cancellation);

    public ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default) =>
        inner.OpenAsync(digest, cancellation);

    public async ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default) =>
        new Upload(this, await inner.BeginUploadAsync(key, cancellation));

    public async ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default) =>
        await inner.ResumeUploadAsync(key, cancellation) is { } upload ? new Upload(this, upload) : null;

    public ValueTask<IReadOnlyDictionary<Digest, long>> StatManyAsync(
        IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default) =>
        inner.StatManyAsync(digests, cancellation);

    public IAsyncEnumerable<StoredBlob> ListAsync(CancellationToken cancellation = default) => inner.ListAsync(cancellation);

    public ValueTask<bool> TouchAsync(Digest digest, CancellationToken cancellation = default) => inner.TouchAsync(digest, cancellation);

    public Task<bool> DeleteAsync(Digest digest, DateTimeOffset? ifOlderThan = null, CancellationToken cancellation = default) =>
        inner.DeleteAsync(digest, ifOlderThan, cancellation);

    public IAsyncEnumerable<StoredUpload> ListUploadsAsync(CancellationToken cancellation = default) =>
        inner.ListUploadsAsync(cancellation);

    private sealed class Upload(GatedStore store, IBlobUpload inner) : IBlobUpload
    {
        public string Holder => inner.Holder;

        public string? PreviousHolder => inner.PreviousHolder;

        public long FlushWorthBytes => inner.FlushWorthBytes;

        public long SizeBytes => inner.SizeBytes;

        public long FlushedBytes => inner.FlushedBytes;

        public ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default) =>
            inner.AppendAsync(data, cancellation);

        public ValueTask FlushAsync(CancellationToken cancellation = default) => inner.FlushAsync(cancellation);

        public ValueTask TruncateAsync(long sizeBytes, CancellationToken cancellation = default) =>
            inner.TruncateAsync(sizeBytes, cancellation);

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default) =>
            inner.ReadAsync(offset, buffer, cancellation);

        public async Task CommitAsync(Digest digest, CancellationToken cancellation = default)
        {
            store._committing.TrySetResult();
            await store._gate.Task;
            await inner.CommitAsync(digest, cancellation);
        }

        public ValueTask DiscardAsync(CancellationToken cancellation = default) => inner.DiscardAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
