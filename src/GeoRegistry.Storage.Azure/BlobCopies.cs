using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Azure;

/// <summary>Stores blobs under their digests by copies within the account, which move no bytes through this process.</summary>
/// <remarks>
/// <para>
/// Within an account Copy Blob ends, as a rule, before it answers, whatever the size, and it needs no permission of its own for its
/// source. The service may go on with it after the answer, though, and its destination is visible meanwhile: all reads treat an object
/// whose copy has not succeeded as absent (<see cref="AzureStatus.IsThere"/>), and whoever stores the blob next waits for the copy, or
/// removes what is left of one that failed.
/// </para>
/// <para>
/// The synchronous Copy Blob From URL has no such state. It is not used: it ends at 256 MiB, so that the other would be needed as well,
/// and wants a signature or a token for its source.
/// </para>
/// </remarks>
internal sealed class BlobCopies(BlobContainerClient container, AzureFaults faults, TimeProvider clock)
{
    /// <summary>How often what others do to the same blob at the same moment is met by another try.</summary>
    private const int MaxTries = 16;

    /// <summary>How long a copy is waited for. It goes on after that, and the next commit of the blob waits for it again.</summary>
    private static readonly TimeSpan CopyTimeout = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Stores an object as the blob of a digest; one that is there already is made young.</summary>
    /// <param name="source">The object.</param>
    /// <param name="etag">What it must be.</param>
    /// <param name="digest">The digest of its bytes.</param>
    /// <param name="cancellation">Cancels the call before the copy begins, and the wait for it.</param>
    /// <returns>Whether the blob is there; false where the source is another by now, or gone.</returns>
    public async Task<bool> TryStoreAsync(BlobBaseClient source, ETag etag, Digest digest, CancellationToken cancellation)
    {
        var target = container.GetBlobClient(BlobKeys.Blob(digest));
        var onlyNew = new BlobRequestConditions { IfNoneMatch = ETag.All };
        for (var tries = 0; tries < MaxTries; tries++)
        {
            switch (await CopyAsync(source, etag, target, onlyNew, digest, cancellation).ConfigureAwait(false))
            {
                case CopyOutcome.SourceChanged:
                    return false;
                case CopyOutcome.Copied:
                    return true;
            }

            if (await TryTouchAsync(target, digest, waits: true, cancellation).ConfigureAwait(false)) return true;
        }

        throw new IOException($"The blob {digest} was stored and deleted {MaxTries} times while it was being stored: try again.");
    }

    /// <summary>Copies a blob to where damaged ones are kept, in the place of one that is there.</summary>
    /// <returns>Whether it is there; false where the blob is another by now, or gone.</returns>
    public async Task<bool> TrySetAsideAsync(BlobBaseClient source, ETag etag, Digest digest, CancellationToken cancellation) =>
        await CopyAsync(source, etag, container.GetBlobClient(BlobKeys.Damaged(digest)), new BlobRequestConditions(), digest, cancellation)
            .ConfigureAwait(false) == CopyOutcome.Copied;

    /// <summary>Makes a blob that is there young.</summary>
    /// <param name="target">The blob's object.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="waits">Whether a copy that has not ended is waited for, and one that failed removed.</param>
    /// <returns>Whether there is one.</returns>
    public async Task<bool> TryTouchAsync(BlobBaseClient target, Digest digest, bool waits, CancellationToken cancellation)
    {
        if (await FindAsync(target, $"look for the blob {digest}", cancellation).ConfigureAwait(false) is not { } found) return false;
        if (!AzureStatus.IsThere(found.BlobCopyStatus))
        {
            if (!waits || !await IsCopiedAsync(target, digest, cancellation).ConfigureAwait(false)) return false;
            return true; // Its age counts from the copy's end.
        }

        if (await TryTouchAsync(target, found.ETag, digest, cancellation).ConfigureAwait(false)) return true;

        // It was touched, or deleted and stored, since this call began: where there is one now, it is as young as this touch makes it.
        var changed = await FindAsync(target, $"look for the blob {digest}", cancellation).ConfigureAwait(false);
        return changed is not null && AzureStatus.IsThere(changed.BlobCopyStatus);
    }

    /// <summary>What is known of an object; null where there is none.</summary>
    public async Task<BlobProperties?> FindAsync(BlobBaseClient target, string what, CancellationToken cancellation) =>
        await faults.RunAsync(
            what,
            async () =>
            {
                try
                {
                    return (BlobProperties?)await target.GetPropertiesAsync(cancellationToken: cancellation).ConfigureAwait(false);
                }
                catch (RequestFailedException e) when (AzureStatus.IsMissing(e))
                {
                    return null;
                }
            },
            cancellation).ConfigureAwait(false);

    // A touch is a write of metadata: it changes the ETag, too, so that a delete that was decided on before leaves the blob.
    private Task<bool> TryTouchAsync(BlobBaseClient target, ETag etag, Digest digest, CancellationToken cancellation) => faults.RunAsync(
        $"touch the blob {digest}",
        async () =>
        {
            try
            {
                await target.SetMetadataAsync(
                    MetadataOf(digest), new BlobRequestConditions { IfMatch = etag }, cancellation).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException e) when (AzureStatus.HasChanged(e))
            {
                return false;
            }
        },
        cancellation);

    private Task<CopyOutcome> CopyAsync(
        BlobBaseClient source, ETag etag, BlobBaseClient target, BlobRequestConditions conditions, Digest digest,
        CancellationToken cancellation) => faults.RunAsync(
        $"copy to {target.Name}",
        async () =>
        {
            var options = new BlobCopyFromUriOptions
            {
                DestinationConditions = conditions,
                SourceConditions = new BlobRequestConditions { IfMatch = etag },
                Metadata = MetadataOf(digest), // Without any, that of the source would be copied.
            };
            try
            {
                var copy = await target.StartCopyFromUriAsync(source.Uri, options, cancellation).ConfigureAwait(false);
                if (copy.GetRawResponse().Headers.TryGetValue("x-ms-copy-status", out var status) && status == "success")
                    return CopyOutcome.Copied;
            }
            catch (RequestFailedException e) when (AzureStatus.Exists(e))
            {
                return CopyOutcome.TargetExists;
            }
            catch (RequestFailedException e) when (e.Status is AzureStatus.PreconditionFailed or AzureStatus.NotFound
                && e.ErrorCode != BlobErrorCode.ContainerNotFound)
            {
                return CopyOutcome.SourceChanged;
            }

            return await IsCopiedAsync(target, digest, cancellation).ConfigureAwait(false) ? CopyOutcome.Copied : CopyOutcome.TargetExists;
        },
        cancellation);

    /// <summary>Waits for the end of a copy that was begun here or elsewhere, and removes what is left of one that failed.</summary>
    /// <returns>Whether it succeeded; false where it failed or is gone, too.</returns>
    private async Task<bool> IsCopiedAsync(BlobBaseClient target, Digest digest, CancellationToken cancellation)
    {
        for (var began = clock.GetTimestamp(); ;)
        {
            var found = await FindAsync(target, $"wait for the copy of {digest}", cancellation).ConfigureAwait(false);
            if (found is null || AzureStatus.IsThere(found.BlobCopyStatus)) return found is not null;
            if (found.BlobCopyStatus != CopyStatus.Pending)
            {
                await RemoveFailedAsync(target, found.ETag, cancellation).ConfigureAwait(false);
                return false;
            }

            if (clock.GetElapsedTime(began) > CopyTimeout)
                throw new StoreUnavailableException(
                    $"Azure Blob Storage goes on copying the blob {digest} after {CopyTimeout.TotalMinutes} min: try again.",
                    new TimeoutException());
            await Task.Delay(PollInterval, clock, cancellation).ConfigureAwait(false);
        }
    }

    private Task<bool> RemoveFailedAsync(BlobBaseClient target, ETag etag, CancellationToken cancellation) => faults.RunAsync(
        $"remove the failed copy {target.Name}",
        async () =>
        {
            try
            {
                await target.DeleteAsync(
                    conditions: new BlobRequestConditions { IfMatch = etag }, cancellationToken: cancellation).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException e) when (AzureStatus.HasChanged(e))
            {
                return false; // Another has removed it, or copies anew.
            }
        },
        cancellation);

    private static Dictionary<string, string> MetadataOf(Digest digest) => new() { ["digest"] = digest.ToString() };

    private enum CopyOutcome
    {
        Copied,
        TargetExists,
        SourceChanged,
    }
}
