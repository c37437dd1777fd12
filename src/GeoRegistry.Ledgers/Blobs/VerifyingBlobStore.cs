using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>A blob store that answers with no blob before its bytes were hashed, once for each start of the process.</summary>
/// <remarks>
/// A blob that this process has stored is known to be intact. Any other is hashed when it is first opened, before its first byte
/// goes out; opening it again costs one look into a dictionary. One whose bytes do not have its digest is set aside and counts as
/// missing from then on. What is damaged on the disk after it was hashed is found by <see cref="VerifyAsync"/>, which the
/// passes of verification call for each blob.
/// </remarks>
/// <param name="inner">The store.</param>
public sealed class VerifyingBlobStore(IBlobStore inner) : IBlobStore
{
    /// <summary>
    /// How many blobs are remembered as intact; beyond it all are hashed again when they are opened. About 100 bytes each.
    /// </summary>
    private const int MaxKnown = 1_000_000;

    private const int ReadBytes = 1024 * 1024;

    private readonly ConcurrentDictionary<Digest, bool> _intact = new();
    private readonly ConcurrentDictionary<Digest, Lazy<Task<bool?>>> _running = new();

    /// <summary>The blobs that are being stored.</summary>
    private readonly DigestsInUse _storing = new();

    private int _known;

    /// <summary>A blob was found damaged and set aside.</summary>
    public event Action<Digest>? Damaged;

    /// <inheritdoc/>
    public ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default) => inner.FindAsync(digest, cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<Digest, long>> StatManyAsync(
        IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default) =>
        inner.StatManyAsync(digests, cancellation);

    /// <inheritdoc/>
    public ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default) =>
        _intact.ContainsKey(digest) ? inner.OpenAsync(digest, cancellation) : OpenFirstAsync(digest, cancellation);

    /// <summary>Hashes a blob, whether that was done before or not, and sets it aside where it is damaged.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="pause">Called after each piece with its bytes and when it began, to rest.</param>
    /// <returns>Whether it is intact; null where the store does not have it.</returns>
    public async Task<bool?> VerifyAsync(Digest digest, Func<TimeSpan, int, Task>? pause, CancellationToken cancellation)
    {
        // Slowly read, it may have been set aside and stored anew meanwhile: what is doubted is hashed once more, for all who doubt it.
        return await IsIntactAsync(digest, pause, cancellation).ConfigureAwait(false) is not false and var isIntact
            ? isIntact
            : await HashOnceAsync(digest).WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredBlob> ListAsync(CancellationToken cancellation = default) => inner.ListAsync(cancellation);

    /// <inheritdoc/>
    public ValueTask<bool> TouchAsync(Digest digest, CancellationToken cancellation = default) => inner.TouchAsync(digest, cancellation);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(Digest digest, DateTimeOffset? ifOlderThan = null, CancellationToken cancellation = default) =>
        inner.DeleteAsync(digest, ifOlderThan, cancellation);

    /// <inheritdoc/>
    public Task SetAsideAsync(Digest digest, CancellationToken cancellation = default) => inner.SetAsideAsync(digest, cancellation);

    /// <inheritdoc/>
    public async ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default) =>
        new Upload(this, await inner.BeginUploadAsync(key, cancellation).ConfigureAwait(false));

    /// <inheritdoc/>
    public async ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default) =>
        await inner.ResumeUploadAsync(key, cancellation).ConfigureAwait(false) is { } upload ? new Upload(this, upload) : null;

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredUpload> ListUploadsAsync(CancellationToken cancellation = default) =>
        inner.ListUploadsAsync(cancellation);

    // Whoever opens it first hashes it for all who wait, and for them too when its own client has gone.
    private async ValueTask<IBlobReader?> OpenFirstAsync(Digest digest, CancellationToken cancellation)
    {
        var isThere = await HashOnceAsync(digest).WaitAsync(cancellation).ConfigureAwait(false);
        return isThere == true ? await inner.OpenAsync(digest, cancellation).ConfigureAwait(false) : null;
    }

    private Task<bool?> HashOnceAsync(Digest digest) =>
        _running.GetOrAdd(digest, _ => new Lazy<Task<bool?>>(() => Task.Run(() => HashAsync(digest)))).Value;

    private async Task<bool?> HashAsync(Digest digest)
    {
        try
        {
            bool? isIntact;
            do
            {
                _intact.TryRemove(digest, out _);
                isIntact = await IsIntactAsync(digest, pause: null, CancellationToken.None).ConfigureAwait(false);
            }
            while (isIntact == false && (_storing.CountOf(digest) > 0 || _intact.ContainsKey(digest))); // Another file may be there.

            if (isIntact != false) return isIntact;
            await inner.SetAsideAsync(digest, CancellationToken.None).ConfigureAwait(false);
            Damaged?.Invoke(digest);
            return false;
        }
        finally
        {
            _running.TryRemove(digest, out _);
        }
    }

    /// <returns>Whether the bytes have the digest, which is remembered; null where the store does not have the blob.</returns>
    private async Task<bool?> IsIntactAsync(Digest digest, Func<TimeSpan, int, Task>? pause, CancellationToken cancellation)
    {
        if (await inner.OpenAsync(digest, cancellation).ConfigureAwait(false) is not { } reader) return null;
        await using (reader.ConfigureAwait(false))
        {
            try
            {
                if (!await IsIntactAsync(reader, digest, pause, cancellation).ConfigureAwait(false)) return false;
            }
            catch (InvalidDataException)
            {
                return false; // A part of its file cannot be read.
            }
        }

        Remember(digest);
        return true;
    }

    private static async Task<bool> IsIntactAsync(IBlobReader reader, Digest digest, Func<TimeSpan, int, Task>? pause,
        CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(digest.Algorithm.HashName());
        var content = await reader.OpenRangeAsync(0, reader.SizeBytes, cancellation).ConfigureAwait(false);
        await using var closing = content.ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            while (true)
            {
                var begun = Stopwatch.GetTimestamp();
                var read = await content.ReadAsync(buffer, cancellation).ConfigureAwait(false);
                if (read == 0) break;
                hash.AppendData(buffer, 0, read);
                if (pause is not null) await pause(Stopwatch.GetElapsedTime(begun), read).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Digest.FromHash(digest.Algorithm, hash.GetCurrentHash()) == digest;
    }

    private void Remember(Digest digest)
    {
        if (!_intact.TryAdd(digest, true) || Interlocked.Increment(ref _known) < MaxKnown) return;
        _intact.Clear();
        Volatile.Write(ref _known, 0);
    }

    /// <summary>An upload whose blob is known to be intact when it is stored: who stores it has compared its hash.</summary>
    private sealed class Upload(VerifyingBlobStore store, IBlobUpload inner) : IBlobUpload
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
            store._storing.Begin(digest);
            try
            {
                await inner.CommitAsync(digest, cancellation).ConfigureAwait(false);
                store.Remember(digest);
            }
            finally
            {
                store._storing.End(digest);
            }
        }

        public ValueTask DiscardAsync(CancellationToken cancellation = default) => inner.DiscardAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
