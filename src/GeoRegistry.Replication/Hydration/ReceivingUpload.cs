using System.Security.Cryptography;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Replication.Hydration;

/// <summary>The upload that a fetch writes to, with the hash of what it has.</summary>
internal sealed class ReceivingUpload(IBlobUpload upload, long sizeBytes, DigestAlgorithm algorithm) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(algorithm.HashName());

    public IBlobUpload Upload => upload;

    public long SizeBytes => upload.SizeBytes;

    /// <summary>How many bytes are missing.</summary>
    public long MissingBytes => sizeBytes - upload.SizeBytes;

    public bool IsWhole => MissingBytes == 0;

    /// <summary>How many bytes came in this fetch, including those that were discarded.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>How many bytes this region's store copied by itself, including those that were discarded.</summary>
    public long CopiedBytes { get; private set; }

    /// <summary>Resumes what an earlier fetch left: the hash is of what is stored.</summary>
    public async Task ResumeAsync(CancellationToken cancellation)
    {
        if (upload.SizeBytes > sizeBytes) await upload.TruncateAsync(0, cancellation).ConfigureAwait(false);
        await upload.HashAsync(_hash, cancellation).ConfigureAwait(false);
    }

    /// <summary>Hashes what the store has copied to the upload: nobody has seen these bytes yet.</summary>
    public async Task TakeCopyAsync(CancellationToken cancellation)
    {
        CopiedBytes += upload.SizeBytes;
        await ResumeAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Appends bytes, which can be read back when it returns, or once more have come where a flush costs something.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        await upload.AppendAsync(data, cancellation).ConfigureAwait(false);
        _hash.AppendData(data.Span);
        ReceivedBytes += data.Length;
        if (IsWhole || upload.SizeBytes - upload.FlushedBytes >= upload.FlushWorthBytes)
            await upload.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>The digest of the bytes that have come.</summary>
    public Digest CurrentDigest() => Digest.FromHash(algorithm, _hash.GetCurrentHash());

    /// <summary>Discards all bytes.</summary>
    public async Task ClearAsync(CancellationToken cancellation)
    {
        await upload.TruncateAsync(0, cancellation).ConfigureAwait(false);
        _hash.GetHashAndReset();
    }

    public void Dispose() => _hash.Dispose();
}
