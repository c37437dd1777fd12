using System.Buffers;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>
/// Finds where the last body of an upload may repeat one that broke off, by the bytes alone: where those just before the body are the
/// body's first ones too.
/// </summary>
/// <remarks>
/// For every length at once it compares a polynomial hash of the body's beginning, which grows forwards, with one of the bytes before
/// the body, which grows backwards. So the bytes are read once, in blocks, and the cost is linear: for each byte of the shorter of the
/// two parts two are read, and three multiplications take some 6 ns, several times as long as SHA-256 of it. Equal hashes say only
/// that it is worth a try: the digest decides, so the hash needs no secret.
/// </remarks>
internal static class RepeatedPrefix
{
    /// <summary>
    /// How many lengths are found, each of which may cost a pass over the upload. Contents of one repeated byte have as many as they have
    /// bytes; only the longest are found, and where none of these is right, the client has to begin anew.
    /// </summary>
    public const int MaxCount = 4;

    private const int BlockBytes = 64 * 1024;
    private const ulong Prime = (1UL << 61) - 1, Base = 0x1d3f_84a9_c6b7_5e21;

    /// <summary>Finds the lengths.</summary>
    /// <param name="upload">The upload, flushed.</param>
    /// <param name="start">Where the last body begins.</param>
    /// <returns>
    /// How many bytes before <paramref name="start"/> the last body may begin with, the longest first; at most <see cref="MaxCount"/>.
    /// </returns>
    /// <exception cref="EndOfStreamException">The upload is shorter than its store says.</exception>
    public static async Task<IReadOnlyList<long>> FindAsync(IBlobUpload upload, long start, CancellationToken cancellation)
    {
        var (max, search) = (Math.Min(start, upload.FlushedBytes - start), new Search());
        var (body, before) = (ArrayPool<byte>.Shared.Rent(BlockBytes), ArrayPool<byte>.Shared.Rent(BlockBytes));
        try
        {
            for (long done = 0; done < max;)
            {
                var count = (int)Math.Min(BlockBytes, max - done);
                await upload.ReadExactlyAsync(start + done, body.AsMemory(0, count), cancellation).ConfigureAwait(false);
                await upload.ReadExactlyAsync(start - done - count, before.AsMemory(0, count), cancellation).ConfigureAwait(false);
                search.Add(body.AsSpan(0, count), before.AsSpan(0, count));
                done += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
            ArrayPool<byte>.Shared.Return(before);
        }

        return search.Longest;
    }

    // Numbers are modulo the prime, but may exceed it by some hundreds: to compare them with it for each byte is slow.
    private static ulong Multiply(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return Fold((low & Prime) + ((low >> 61) | (high << 3)));
    }

    private static ulong Fold(ulong sum) => (sum & Prime) + (sum >> 61);

    private static bool AreEqual(ulong a, ulong b) => a == b || a == b + Prime || b == a + Prime;

    /// <summary>The hashes so far, and the lengths at which they were equal.</summary>
    private sealed class Search
    {
        private readonly Queue<long> _found = new();
        private ulong _body, _before, _power = 1;
        private long _length;

        public IReadOnlyList<long> Longest => [.. _found.Reverse()];

        /// <param name="body">The next bytes of the body.</param>
        /// <param name="before">As many bytes before it, the last of which comes next.</param>
        public void Add(ReadOnlySpan<byte> body, ReadOnlySpan<byte> before)
        {
            var (forwards, backwards, power) = (_body, _before, _power);
            for (var i = 0; i < body.Length; i++)
            {
                forwards = Multiply(forwards, Base) + body[i];
                backwards = Fold(Multiply(before[before.Length - 1 - i], power) + backwards);
                power = Multiply(power, Base);
                if (AreEqual(forwards, backwards)) Note(_length + i + 1);
            }

            (_body, _before, _power) = (forwards, backwards, power);
            _length += body.Length;
        }

        private void Note(long length)
        {
            if (_found.Count == MaxCount) _found.Dequeue();
            _found.Enqueue(length);
        }
    }
}
