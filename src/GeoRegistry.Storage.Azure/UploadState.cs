using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Storage.Azure;

/// <summary>What is stored of an upload, and the hold on it.</summary>
/// <remarks>
/// <para>
/// The holder's name is in the object's metadata, and every change is on condition that the ETag is the one that the holder's last change
/// left. Whoever takes the upload over writes his name, which changes the ETag: from then on no request of an earlier holder can
/// succeed, however late it arrives. A request whose answer was lost is told from one that came too late by the name.
/// </para>
/// <para>
/// There is no lease: it would add nothing to that, would have to be renewed while clients are slow, and waited for or broken where a
/// holder was killed. All it could do is refuse blocks of an earlier holder; they have names of their own and are in no list.
/// </para>
/// </remarks>
internal sealed class UploadState
{
    private const string HolderKey = "holder";

    /// <summary>How often one tries to take an upload over that another takes over, or changes, at the same moment.</summary>
    private const int MaxTries = 16;

    private readonly BlockBlobClient _object;
    private readonly AzureFaults _faults;
    private readonly string _key;
    private ETag _etag;

    private UploadState(BlockBlobClient target, AzureFaults faults, string key)
    {
        _object = target;
        _faults = faults;
        _key = key;
    }

    /// <summary>The name of this hold.</summary>
    public string Holder { get; } = $"{Guid.NewGuid():n}";

    public string? PreviousHolder { get; private set; }

    /// <summary>What the object must be for the holder to change it.</summary>
    public ETag ETag => _etag;

    /// <summary>How many bytes the object had when it was last looked at.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Makes the object, empty.</summary>
    public static async Task<UploadState> BeginAsync(
        BlockBlobClient target, AzureFaults faults, string key, CancellationToken cancellation)
    {
        var state = new UploadState(target, faults, key);
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            Metadata = state.Metadata,
        };
        await state.RunAsync(
            "begin",
            async () =>
            {
                try
                {
                    state._etag = (await target.UploadAsync(Stream.Null, options, cancellation).ConfigureAwait(false)).Value.ETag;
                }
                catch (RequestFailedException e) when (AzureStatus.Exists(e))
                {
                    // The answer to the first try was lost; or the key is in use.
                    if (await state.LookAsync(cancellation).ConfigureAwait(false) is not { } found || found.Holder != state.Holder)
                        throw new IOException($"An upload {key} exists already.", e);
                    state.Adopt(found);
                }
            },
            cancellation).ConfigureAwait(false);
        return state;
    }

    /// <summary>Takes an upload over.</summary>
    /// <returns>Null where there is none.</returns>
    public static async Task<UploadState?> TakeOverAsync(
        BlockBlobClient target, AzureFaults faults, string key, CancellationToken cancellation)
    {
        var state = new UploadState(target, faults, key);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            if (await state.LookAsync(cancellation).ConfigureAwait(false) is not { } found) return null;
            if (found.PendingCopy is { } copyId)
            {
                // Whoever began it is taken over from, and the object may not be written before it has ended.
                await state.RunAsync(
                    "abort a copy to", () => AccountCopy.AbortAsync(target, copyId, cancellation), cancellation).ConfigureAwait(false);
                continue;
            }

            state.Adopt(found);
            if (found.Holder == state.Holder) return state; // The answer to the last try was lost.
            state.PreviousHolder = found.Holder;
            if (await state.TryWriteHolderAsync(cancellation).ConfigureAwait(false)) return state;
        }

        throw new IOException($"The upload {key} was changed {MaxTries} times while it was being resumed: try again.");
    }

    /// <summary>Reads what is stored, after it was not known, or to see whether the upload is still held.</summary>
    /// <exception cref="UploadTakenOverException">Another holds it, or it is gone.</exception>
    public async Task<UploadBlocks> LoadAsync(CancellationToken cancellation)
    {
        // Should it change before the blocks are read, the next change, which has the ETag from before, is refused.
        await CheckHeldAsync(cause: null, cancellation).ConfigureAwait(false);
        var blocks = new UploadBlocks();
        if (SizeBytes == 0) return blocks;
        try
        {
            var list = await RunAsync(
                "read the blocks of",
                () => _object.GetBlockListAsync(BlockListTypes.Committed, cancellationToken: cancellation),
                cancellation).ConfigureAwait(false);
            foreach (var block in list.Value.CommittedBlocks) blocks.Add(block.Name, block.SizeLong);
            return blocks;
        }
        catch (UploadRefusedException e)
        {
            throw new UploadTakenOverException(_key, e);
        }
    }

    /// <summary>Makes blocks that were staged the content. It is not cancelled: its outcome must be known.</summary>
    /// <exception cref="UploadTakenOverException">Another holds it, or it is gone.</exception>
    /// <exception cref="Exception">What is stored is not known then, until it is loaded.</exception>
    public async Task CommitAsync(UploadBlocks blocks)
    {
        var options = new CommitBlockListOptions
        {
            Conditions = new BlobRequestConditions { IfMatch = _etag },
            Metadata = Metadata,
        };
        try
        {
            _etag = (await RunAsync(
                "write",
                () => _object.CommitBlockListAsync(blocks.Ids, options, CancellationToken.None),
                CancellationToken.None).ConfigureAwait(false)).Value.ETag;
            SizeBytes = blocks.SizeBytes;
        }
        catch (UploadRefusedException e)
        {
            // A first try may have been done and its answer lost; or another has taken the upload over.
            var found = await LoadAsync(CancellationToken.None).ConfigureAwait(false);
            if (!found.Ids.SequenceEqual(blocks.Ids)) throw new IOException($"The upload {_key} could not be written: {e.Message}", e);
        }
    }

    /// <summary>Makes the object a copy of what another account has.</summary>
    /// <returns>Null where it succeeded; else why not.</returns>
    /// <exception cref="UploadTakenOverException">Another holds it, or it is gone.</exception>
    /// <exception cref="Exception">What is stored is not known then.</exception>
    public async Task<string?> CopyAsync(AccountCopy copy, Uri source, CancellationToken cancellation)
    {
        var failure = await RunAsync(
            "copy to", () => copy.RunAsync(source, _etag, Metadata, cancellation), cancellation).ConfigureAwait(false);
        await CheckHeldAsync(cause: null, cancellation).ConfigureAwait(false);
        return failure;
    }

    /// <summary>Deletes the object.</summary>
    /// <exception cref="UploadTakenOverException">Another holds it.</exception>
    public async Task DeleteAsync(CancellationToken cancellation)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            try
            {
                await RunAsync(
                    "delete",
                    () => _object.DeleteAsync(
                        conditions: new BlobRequestConditions { IfMatch = _etag }, cancellationToken: cancellation),
                    cancellation).ConfigureAwait(false);
                return;
            }
            catch (UploadRefusedException e)
            {
                if (await LookAsync(cancellation).ConfigureAwait(false) is not { } found) return;
                if (found.Holder != Holder) throw new UploadTakenOverException(_key, e);
                Adopt(found); // The last commit's outcome was not known.
            }
        }

        throw new IOException($"The upload {_key} was changed {MaxTries} times while it was being deleted: try again.");
    }

    /// <summary>Looks whether the upload is still held, and at what it is.</summary>
    /// <exception cref="UploadTakenOverException">Another holds it, or it is gone.</exception>
    public async Task CheckHeldAsync(Exception? cause, CancellationToken cancellation)
    {
        if (await LookAsync(cancellation).ConfigureAwait(false) is not { } found || found.Holder != Holder)
            throw new UploadTakenOverException(_key, cause);
        Adopt(found);
    }

    private Dictionary<string, string> Metadata => new() { [HolderKey] = Holder };

    // Only of what is this holder's: with the ETag of another's its next change would succeed.
    private void Adopt(Found found) => (_etag, SizeBytes) = (found.ETag, found.SizeBytes);

    private async Task<Found?> LookAsync(CancellationToken cancellation)
    {
        try
        {
            var found = (await RunAsync(
                "look at", () => _object.GetPropertiesAsync(cancellationToken: cancellation), cancellation).ConfigureAwait(false)).Value;
            return new Found(
                found.ETag,
                AzureStatus.IsThere(found.BlobCopyStatus) ? found.ContentLength : 0,
                found.Metadata.TryGetValue(HolderKey, out var holder) ? holder : null,
                found.BlobCopyStatus == CopyStatus.Pending ? found.CopyId : null);
        }
        catch (UploadRefusedException)
        {
            return null;
        }
    }

    private async Task<bool> TryWriteHolderAsync(CancellationToken cancellation)
    {
        try
        {
            _etag = (await RunAsync(
                "resume",
                () => _object.SetMetadataAsync(Metadata, new BlobRequestConditions { IfMatch = _etag }, cancellation),
                cancellation).ConfigureAwait(false)).Value.ETag;
            return true;
        }
        catch (UploadRefusedException)
        {
            return false;
        }
    }

    private Task RunAsync(string what, Func<Task> call, CancellationToken cancellation) => RunAsync(
        what,
        async () =>
        {
            await call().ConfigureAwait(false);
            return true;
        },
        cancellation);

    private Task<T> RunAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellation) => _faults.RunAsync(
        $"{what} the upload {_key}",
        async () =>
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (RequestFailedException e) when (AzureStatus.HasChanged(e) || e.ErrorCode == BlobErrorCode.InvalidBlockList)
            {
                throw new UploadRefusedException(e);
            }
        },
        cancellation);

    /// <summary>The object is not what it was, or gone: it is to be found out why.</summary>
    private sealed class UploadRefusedException(RequestFailedException cause) : Exception(
        $"{cause.Status} {cause.ErrorCode}", cause);

    private sealed record Found(ETag ETag, long SizeBytes, string? Holder, string? PendingCopy);
}
