using Azure;
using Azure.Storage.Blobs.Models;

namespace GeoRegistry.Storage.Azure;

/// <summary>What answers mean that are outcomes and not faults.</summary>
internal static class AzureStatus
{
    public const int NotFound = 404, Conflict = 409, PreconditionFailed = 412;

    /// <summary>Whether an object is not there; a missing container is a fault.</summary>
    public static bool IsMissing(RequestFailedException e) => e.Status == NotFound
        && (e.ErrorCode is null || e.ErrorCode == BlobErrorCode.BlobNotFound || e.ErrorCode == BlobErrorCode.ResourceNotFound);

    /// <summary>Whether an object is no longer what the condition asked for, or is gone.</summary>
    public static bool HasChanged(RequestFailedException e) => IsMissing(e) || e.Status == PreconditionFailed;

    /// <summary>Whether what was to be made exists already.</summary>
    public static bool Exists(RequestFailedException e) => e.ErrorCode == BlobErrorCode.BlobAlreadyExists
        || e.ErrorCode == BlobErrorCode.PendingCopyOperation
        || e.ErrorCode == BlobErrorCode.TargetConditionNotMet;

    /// <summary>Whether an object counts as there: a copy that has not ended, or failed, is visible and is not the blob.</summary>
    public static bool IsThere(CopyStatus? copy) => copy is null or CopyStatus.Success;
}
