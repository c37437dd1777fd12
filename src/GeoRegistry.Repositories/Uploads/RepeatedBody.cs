using System.Security.Cryptography;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>
/// Makes a blob of an upload that has some bytes twice, because a request broke off and its client sent the whole body
/// again.
/// </summary>
/// <remarks>
/// HTTP lets clients and proxies repeat a PUT as it was. Only the digest tells a repeated body from one that goes on where the first
/// broke off, so this is tried when the upload as a whole does not match. The bytes are copied in the store, whatever their number.
/// </remarks>
internal static class RepeatedBody
{
    /// <summary>Stores the upload without a range as a blob, if that gives the digest. The upload itself is left as it is.</summary>
    /// <param name="store">Where the blob is stored.</param>
    /// <param name="upload">The upload, flushed.</param>
    /// <param name="key">The key of the upload that the blob is copied through.</param>
    /// <param name="from">Where the range begins: the first byte that the repeated body sent again.</param>
    /// <param name="until">Where it ends: the first byte of the repeated body.</param>
    /// <param name="digest">The digest that it must have.</param>
    /// <returns>Whether the blob is stored.</returns>
    public static async Task<bool> TryCommitWithoutAsync(
        IBlobStore store, IBlobUpload upload, string key, long from, long until, Digest digest, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(digest.Algorithm.HashName());
        await ReadWithoutAsync(upload, from, until, Hash, cancellation).ConfigureAwait(false);
        if (Digest.FromHash(digest.Algorithm, hash.GetCurrentHash()) != digest) return false;

        var copy = await store.BeginUploadAsync(key, cancellation).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            try
            {
                await ReadWithoutAsync(
                    upload, from, until, bytes => copy.AppendAsync(bytes, cancellation), cancellation).ConfigureAwait(false);
                await copy.CommitAsync(digest, cancellation).ConfigureAwait(false);
                return true;
            }
            catch
            {
                await copy.DiscardAsync(CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }

        ValueTask Hash(ReadOnlyMemory<byte> bytes)
        {
            hash.AppendData(bytes.Span);
            return default;
        }
    }

    private static async Task ReadWithoutAsync(
        IBlobUpload upload, long from, long until, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellation)
    {
        await upload.ReadRangeAsync(0, from, take, cancellation).ConfigureAwait(false);
        await upload.ReadRangeAsync(until, upload.FlushedBytes, take, cancellation).ConfigureAwait(false);
    }
}
