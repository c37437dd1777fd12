using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Server.Maintenance;

/// <summary>Copies all blobs of one store into another. A repetition goes on where the one before ended.</summary>
/// <remarks>
/// Every blob of the target is re-hashed in each run: what is copied, after it was written. A copy that is damaged there is removed and
/// made again.
/// </remarks>
internal sealed class BlobMigration(IBlobStore from, IBlobStore to, MaintenanceOutput output)
{
    private const int Parallelism = 4, BufferBytes = 1024 * 1024, StatBatch = 1000;

    private const string KeyPrefix = "migration-";

    private readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private long _count, _bytes, _done, _doneBytes, _keys, _copied;

    /// <summary>How many blobs the source had when the run began.</summary>
    public long Count => _count;

    /// <summary>Their bytes.</summary>
    public long Bytes => _bytes;

    /// <summary>How many blobs this run copied.</summary>
    public long Copied => _copied;

    /// <summary>Refuses a target that has blobs which the source has not: it is in use, or of something else.</summary>
    /// <exception cref="InvalidDataException">It has.</exception>
    public async Task CheckTargetAsync(CancellationToken cancellation)
    {
        await foreach (var some in to.ListAsync(cancellation).Chunk(StatBatch).WithCancellation(cancellation))
        {
            var known = await from.StatManyAsync([.. some.Select(blob => blob.Digest)], cancellation);
            foreach (var blob in some.Where(blob => !known.ContainsKey(blob.Digest)))
                throw new InvalidDataException(
                    $"The target's blob store has {blob.Digest}, which the source has not: it is of something else, or in use "
                        + "already. Name an empty one.");
        }
    }

    /// <summary>Copies.</summary>
    /// <returns>The blobs that are damaged in the source, and were not copied.</returns>
    public async Task<IReadOnlyList<Digest>> RunAsync(CancellationToken cancellation)
    {
        await foreach (var blob in from.ListAsync(cancellation)) (_count, _bytes) = (_count + 1, _bytes + blob.SizeBytes);
        output.Say(string.Create(CultureInfo.InvariantCulture, $"blobs: {_count}, {_bytes} bytes"));
        await DiscardLeftoversAsync(cancellation);
        var damaged = new ConcurrentBag<Digest>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation };
        await Parallel.ForEachAsync(from.ListAsync(cancellation), options, async (blob, stop) =>
        {
            if (!await IsThereAsync(blob, stop) && !await TryCopyAsync(blob, stop)) damaged.Add(blob.Digest);
            Interlocked.Increment(ref _done);
            Interlocked.Add(ref _doneBytes, blob.SizeBytes);
            output.Progress(Progress);
        });
        output.Say($"{Progress()}, {_copied} of them in this run");
        return [.. damaged];
    }

    private string Progress() => string.Create(
        CultureInfo.InvariantCulture, $"blobs: {_done} of {_count} are in the target and verified, {_doneBytes} of {_bytes} bytes");

    // What an earlier run was writing when it ended.
    private async Task DiscardLeftoversAsync(CancellationToken cancellation)
    {
        await foreach (var left in to.ListUploadsAsync(cancellation))
        {
            if (left.Key.StartsWith(KeyPrefix, StringComparison.Ordinal)
                && await to.ResumeUploadAsync(left.Key, cancellation) is { } upload)
            {
                await using (upload) await upload.DiscardAsync(cancellation);
            }
        }
    }

    private async Task<bool> IsThereAsync(StoredBlob blob, CancellationToken cancellation)
    {
        if (await to.OpenAsync(blob.Digest, cancellation) is not { } there) return false;
        await using (there)
        {
            if (there.SizeBytes == blob.SizeBytes && await IsWholeAsync(there, blob.Digest, cancellation)) return true;
        }

        output.Say($"{blob.Digest} is damaged in the target, and is removed there.");
        await to.SetAsideAsync(blob.Digest, cancellation);
        return false;
    }

    private static async Task<bool> IsWholeAsync(IBlobReader blob, Digest digest, CancellationToken cancellation)
    {
        try
        {
            return await ReadAsync(blob, digest, static _ => default, cancellation);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private async Task<bool> TryCopyAsync(StoredBlob blob, CancellationToken cancellation)
    {
        var digest = blob.Digest;
        if (await from.OpenAsync(digest, cancellation) is not { } source) return false;
        await using (source)
        {
            var upload = await to.BeginUploadAsync($"{KeyPrefix}{_run}-{Interlocked.Increment(ref _keys)}", cancellation);
            await using (upload)
            {
                if (!await IsCopiedAsync(source, digest, upload, cancellation))
                {
                    await upload.DiscardAsync(cancellation);
                    return false;
                }

                await upload.CommitAsync(digest, cancellation);
            }
        }

        Interlocked.Increment(ref _copied);
        return await IsThereAsync(blob, cancellation)
            ? true
            : throw new IOException($"The target did not keep {digest} as it was written: look at its disk, and migrate again.");
    }

    private static async Task<bool> IsCopiedAsync(
        IBlobReader source, Digest digest, IBlobUpload upload, CancellationToken cancellation)
    {
        try
        {
            if (!await ReadAsync(source, digest, part => upload.AppendAsync(part, cancellation), cancellation)) return false;
        }
        catch (InvalidDataException)
        {
            return false; // The source cannot read it.
        }

        await upload.FlushAsync(cancellation);
        return true;
    }

    /// <returns>Whether the bytes are those of the digest.</returns>
    private static async Task<bool> ReadAsync(
        IBlobReader blob, Digest digest, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(digest.Algorithm.HashName());
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var stream = await blob.OpenRangeAsync(0, blob.SizeBytes, cancellation);
            await using (stream)
            {
                var part = buffer.AsMemory(0, BufferBytes);
                while (await stream.ReadAtLeastAsync(part, BufferBytes, false, cancellation) is var read and > 0)
                {
                    hash.AppendData(buffer.AsSpan(0, read));
                    await take(buffer.AsMemory(0, read));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return hash.GetHashAndReset().AsSpan().SequenceEqual(digest.ToHash());
    }
}
