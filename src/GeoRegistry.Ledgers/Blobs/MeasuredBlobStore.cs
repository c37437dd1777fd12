using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>A blob store whose calls are measured (<see cref="StoreCalls"/>), but for lists and reading bytes.</summary>
/// <param name="inner">The store.</param>
/// <param name="kind">The kind of store, in metrics and spans: <c>files</c>.</param>
public sealed class MeasuredBlobStore(IBlobStore inner, string kind) : IBlobStore
{
    private readonly StoreCalls _calls = StoreCalls.OfBlobs(kind);

    /// <inheritdoc/>
    public ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default) =>
        _calls.RunAsync(nameof(FindAsync), () => inner.FindAsync(digest, cancellation));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<Digest, long>> StatManyAsync(
        IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default) =>
        _calls.RunAsync(nameof(StatManyAsync), () => inner.StatManyAsync(digests, cancellation));

    /// <inheritdoc/>
    public ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default) =>
        _calls.RunAsync(
            nameof(OpenAsync),
            async () => await inner.OpenAsync(digest, cancellation).ConfigureAwait(false) is { } reader
                ? (IBlobReader)new Reader(_calls, reader)
                : null);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredBlob> ListAsync(CancellationToken cancellation = default) => inner.ListAsync(cancellation);

    /// <inheritdoc/>
    public ValueTask<bool> TouchAsync(Digest digest, CancellationToken cancellation = default) =>
        _calls.RunAsync(nameof(TouchAsync), () => inner.TouchAsync(digest, cancellation));

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(Digest digest, DateTimeOffset? ifOlderThan = null, CancellationToken cancellation = default) =>
        _calls.RunAsync(nameof(DeleteAsync), () => new ValueTask<bool>(inner.DeleteAsync(digest, ifOlderThan, cancellation))).AsTask();

    /// <inheritdoc/>
    public Task SetAsideAsync(Digest digest, CancellationToken cancellation = default) =>
        _calls.RunAsync(nameof(SetAsideAsync), () => new ValueTask(inner.SetAsideAsync(digest, cancellation))).AsTask();

    /// <inheritdoc/>
    public ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default) =>
        _calls.RunAsync(
            nameof(BeginUploadAsync),
            async () => (IBlobUpload)new Upload(_calls, await inner.BeginUploadAsync(key, cancellation).ConfigureAwait(false)));

    /// <inheritdoc/>
    public ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default) =>
        _calls.RunAsync(
            nameof(ResumeUploadAsync),
            async () => await inner.ResumeUploadAsync(key, cancellation).ConfigureAwait(false) is { } upload
                ? (IBlobUpload)new Upload(_calls, upload)
                : null);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredUpload> ListUploadsAsync(CancellationToken cancellation = default) =>
        inner.ListUploadsAsync(cancellation);

    /// <summary>The copies of the same store, which know its own uploads and not those that are measured here.</summary>
    public IBlobCopies Measure(IBlobCopies copies) => new Copies(_calls, copies);

    private sealed class Copies(StoreCalls calls, IBlobCopies inner) : IBlobCopies
    {
        public ValueTask<Uri?> OfferAsync(Digest digest, CancellationToken cancellation = default) =>
            calls.RunAsync("OfferBlob", () => inner.OfferAsync(digest, cancellation));

        public Task<string?> CopyAsync(IBlobUpload upload, Uri source, CancellationToken cancellation = default) => calls.RunAsync(
            "CopyUpload", () => new ValueTask<string?>(inner.CopyAsync(((Upload)upload).Inner, source, cancellation))).AsTask();
    }

    private sealed class Reader(StoreCalls calls, IBlobReader inner) : IBlobReader
    {
        public long SizeBytes => inner.SizeBytes;

        public RegionId? Source => inner.Source;

        public ValueTask<Stream> OpenRangeAsync(long offset, long lengthBytes, CancellationToken cancellation = default) =>
            calls.RunAsync("OpenRange", () => inner.OpenRangeAsync(offset, lengthBytes, cancellation));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Upload(StoreCalls calls, IBlobUpload inner) : IBlobUpload
    {
        public IBlobUpload Inner => inner;

        public string Holder => inner.Holder;

        public string? PreviousHolder => inner.PreviousHolder;

        public long FlushWorthBytes => inner.FlushWorthBytes;

        public long SizeBytes => inner.SizeBytes;

        public long FlushedBytes => inner.FlushedBytes;

        public ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default) =>
            calls.RunAsync("AppendUpload", () => inner.AppendAsync(data, cancellation), withSpan: false);

        public ValueTask FlushAsync(CancellationToken cancellation = default) =>
            calls.RunAsync("FlushUpload", () => inner.FlushAsync(cancellation));

        public ValueTask TruncateAsync(long sizeBytes, CancellationToken cancellation = default) =>
            calls.RunAsync("TruncateUpload", () => inner.TruncateAsync(sizeBytes, cancellation));

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default) =>
            inner.ReadAsync(offset, buffer, cancellation);

        public Task CommitAsync(Digest digest, CancellationToken cancellation = default) =>
            calls.RunAsync("CommitUpload", () => new ValueTask(inner.CommitAsync(digest, cancellation))).AsTask();

        public ValueTask DiscardAsync(CancellationToken cancellation = default) =>
            calls.RunAsync("DiscardUpload", () => inner.DiscardAsync(cancellation));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
