using System.Buffers;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>
/// The bodies of one upload that arrived whole and did not say where they begin. One whose answer was lost may have been sent again as
/// the next one: its bytes are there twice then.
/// </summary>
/// <remarks>
/// When it arrives, a body that repeats the one before it cannot be told from the next chunk, which may have the same bytes; the digest
/// tells, in the end. So nothing is compared before the digest of all of them is not the one that the client gives.
/// </remarks>
internal sealed class ArrivedBodies
{
    /// <summary>How many are remembered, the last ones: 4 KiB an upload.</summary>
    public const int MaxCount = 256;

    /// <summary>How many ranges are found, each of which may cost a pass over the upload.</summary>
    public const int MaxRepeated = 4;

    private const int BlockBytes = 64 * 1024;

    private readonly Queue<(long From, long Until)> _bodies = new();

    /// <summary>A body arrived.</summary>
    /// <param name="from">Its first byte's place in the upload.</param>
    /// <param name="until">The upload's size after it.</param>
    public void Add(long from, long until)
    {
        if (_bodies.Count == MaxCount) _bodies.Dequeue();
        _bodies.Enqueue((from, until));
    }

    /// <summary>Where the last body began; null where none was, or the upload does not end with it.</summary>
    /// <param name="sizeBytes">The upload's size.</param>
    public long? LastStart(long sizeBytes) =>
        _bodies.Count > 0 && _bodies.Last() is var last && last.Until == sizeBytes ? last.From : null;

    /// <summary>The upload's bytes from a size on were removed.</summary>
    public void TakenBack(long sizeBytes)
    {
        for (var left = _bodies.Count; left > 0; left--)
        {
            var body = _bodies.Dequeue();
            if (body.Until <= sizeBytes) _bodies.Enqueue(body);
        }
    }

    /// <summary>Finds the bodies that have the same bytes as the next one, or as several that follow.</summary>
    /// <param name="upload">The upload, flushed.</param>
    /// <returns>The ranges that may have to be left out, the last in the upload first; at most <see cref="MaxRepeated"/>.</returns>
    /// <exception cref="EndOfStreamException">The upload is shorter than its store says.</exception>
    public async Task<IReadOnlyList<(long From, long Until)>> FindRepeatedAsync(IBlobUpload upload, CancellationToken cancellation)
    {
        var (bodies, found) = (_bodies.ToArray(), new List<(long, long)>());
        for (var last = bodies.Length - 1; last > 0; last--)
        {
            for (var first = last - 1; first >= 0 && found.Count < MaxRepeated; first--)
            {
                if (!await AreEqualAsync(upload, bodies[first], bodies[last], cancellation).ConfigureAwait(false)) break;
                found.Add((bodies[first].From, bodies[last].From));
            }
        }

        return found;
    }

    private static async Task<bool> AreEqualAsync(
        IBlobUpload upload, (long From, long Until) one, (long From, long Until) other, CancellationToken cancellation)
    {
        var length = one.Until - one.From;
        if (other.Until - other.From != length) return false;
        var (first, second) = (ArrayPool<byte>.Shared.Rent(BlockBytes), ArrayPool<byte>.Shared.Rent(BlockBytes));
        try
        {
            for (long done = 0; done < length;)
            {
                var count = (int)Math.Min(BlockBytes, length - done);
                await upload.ReadExactlyAsync(one.From + done, first.AsMemory(0, count), cancellation).ConfigureAwait(false);
                await upload.ReadExactlyAsync(other.From + done, second.AsMemory(0, count), cancellation).ConfigureAwait(false);
                if (!first.AsSpan(0, count).SequenceEqual(second.AsSpan(0, count))) return false;
                done += count;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(first);
            ArrayPool<byte>.Shared.Return(second);
        }
    }
}
