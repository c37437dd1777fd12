using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Replication.Hydration;

/// <summary>One copy of a blob while it arrives: how far readers may read it, and from where it comes.</summary>
/// <remarks>
/// A fetch begins another copy where the bytes of one turn out to be damaged. A reader belongs to the copy of which it has read
/// bytes: its bytes before and after must be of one blob. A reader that has read nothing yet goes on with the next copy.
/// </remarks>
internal sealed class FetchedCopy(Digest digest, long sizeBytes, IBlobStore store)
{
    /// <summary>
    /// What is no larger is shown when it is verified and not before: it is here soon, and its readers never see a
    /// damaged copy.
    /// </summary>
    public const int VerifiedFirstBytes = 256 * 1024;

    private volatile IBlobUpload? _upload;
    private volatile bool _isDamaged;

    /// <summary>How many bytes readers may read.</summary>
    public PositionSignal Available { get; } = new(0);

    /// <summary>The region that all its bytes come from; null where they come from several, or an earlier fetch left them.</summary>
    public RegionId? Source { get; private set; }

    /// <summary>
    /// Lets readers read what the upload has flushed, all but the last byte: that is shown when the blob was verified
    /// and stored.
    /// </summary>
    public void Show(IBlobUpload upload)
    {
        _upload = upload;
        if (sizeBytes > VerifiedFirstBytes) Available.Advance(Math.Min(upload.FlushedBytes, sizeBytes - 1));
    }

    /// <summary>Records that a region sends the bytes from an offset on.</summary>
    public void ComesFrom(RegionId region, long offset) => Source = offset == 0 || Source == region ? region : null;

    /// <summary>Ends the copy: its bytes are not the blob's. To be called before the upload's bytes are discarded.</summary>
    public void Drop()
    {
        _isDamaged = true;
        Available.Fail(Damaged());
    }

    /// <summary>Reads what is available, from the growing upload or from the stored blob.</summary>
    /// <exception cref="DamagedCopyException">The bytes are not the blob's.</exception>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var count = (int)Math.Min(buffer.Length, Available.Position - offset);
        if (Available.Position < sizeBytes && _upload is { } upload)
        {
            try
            {
                var read = await upload.ReadAsync(offset, buffer[..count], cancellation).ConfigureAwait(false);
                if (_isDamaged) throw Damaged(); // Looked at after the reading: the upload may have the next copy's bytes by now.
                return read;
            }
            catch (ObjectDisposedException)
            {
                await Available.WaitForAsync(sizeBytes, cancellation).ConfigureAwait(false); // It is being stored at this moment.
            }
        }

        var stored = await store.OpenAsync(digest, cancellation).ConfigureAwait(false)
            ?? throw new IOException($"The blob {digest} was deleted while it was read.");
        await using (stored.ConfigureAwait(false))
        {
            var range = await stored.OpenRangeAsync(offset, count, cancellation).ConfigureAwait(false);
            await using (range.ConfigureAwait(false)) return await range.ReadAsync(buffer[..count], cancellation).ConfigureAwait(false);
        }
    }

    private DamagedCopyException Damaged() => new(
        $"The copy of the blob {digest} that was being read is damaged. It is fetched again: send the request again.");
}

/// <summary>A reader has read bytes of a copy that turned out to be damaged.</summary>
internal sealed class DamagedCopyException(string message) : IOException(message);
