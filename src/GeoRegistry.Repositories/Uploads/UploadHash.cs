using System.Security.Cryptography;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>The running hash of an upload. It lives on between requests, while the upload itself is closed.</summary>
internal sealed class UploadHash(DigestAlgorithm begunWith) : IDisposable
{
    private DigestAlgorithm _algorithm = begunWith;
    private IncrementalHash? _hash;
    private long _hashedBytes;

    /// <summary>Adds bytes that were appended, where the hash has all before them; otherwise it is recomputed at the end.</summary>
    public void Add(ReadOnlySpan<byte> data, long offset)
    {
        if (offset < _hashedBytes) Drop(); // The store has lost bytes that were not flushed, and gets others in their place.
        if (offset == 0) Restart(_algorithm);
        if (_hash is null || _hashedBytes != offset) return;
        _hash.AppendData(data);
        _hashedBytes += data.Length;
    }

    /// <summary>
    /// Drops what was hashed. A hash cannot forget bytes that were removed, so it is recomputed from what the store has.
    /// </summary>
    public void Drop()
    {
        _hash?.Dispose();
        _hash = null;
    }

    /// <summary>The digest of all bytes of the upload.</summary>
    public async ValueTask<Digest> ComputeAsync(IBlobUpload upload, DigestAlgorithm algorithm, CancellationToken cancellation)
    {
        // The running hash is behind after a restart or a chunk taken back, and useless for another algorithm: then once more from disk.
        if (_hash is null || _algorithm != algorithm || _hashedBytes != upload.SizeBytes)
        {
            Restart(algorithm);
            await upload.HashAsync(_hash!, cancellation).ConfigureAwait(false);
            _hashedBytes = upload.SizeBytes;
        }

        return Digest.FromHash(algorithm, _hash!.GetCurrentHash());
    }

    public void Dispose() => Drop();

    private void Restart(DigestAlgorithm algorithm)
    {
        Drop();
        _hash = IncrementalHash.CreateHash(algorithm.HashName());
        _algorithm = algorithm;
        _hashedBytes = 0;
    }
}
