using Azure;
using Azure.Identity;
using Azure.Storage.Blobs.Models;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Resilience;

namespace GeoRegistry.Storage.Azure;

/// <summary>The one place that knows how Azure reports what is wrong, and what an operator can do about it.</summary>
/// <param name="account">The account, as messages name it.</param>
/// <param name="container">The container.</param>
internal sealed class AzureFaults(string account, string container)
{
    /// <summary>Makes a call, whose failures come out as callers of a store expect them.</summary>
    /// <typeparam name="T">What the call gives.</typeparam>
    /// <param name="what">What is done, for messages: <c>read the blob x</c>.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">The token that the call has: only what it cancels counts as cancelled.</param>
    public async Task<T> RunAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (Translate(e, what, cancellation) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>The failure as callers of a store expect it; null where it is that already.</summary>
    public Exception? Translate(Exception failure, string what, CancellationToken cancellation)
    {
        switch (failure)
        {
            case OperationCanceledException when cancellation.IsCancellationRequested:
                return null;
            case RequestFailedException { Status: > 0 } refused:
                return OfAnswer(refused, what);
            case CircuitRefusedException:
                return new StoreUnavailableException(
                    Say(what, "It is not asked", "see whether this machine reaches the account's address", failure), failure);
            case AuthenticationFailedException:
                return new StoreFaultException(
                    StoreFault.NoPermission,
                    Say(what, "This machine's identity could not be told", "give it a workload identity or a managed identity", failure),
                    failure);
            case AggregateException { InnerExceptions: [.., var last] }:
                return Translate(last, what, cancellation) ?? failure; // The last of several tries.
            case RequestFailedException or OperationCanceledException or HttpRequestException:
            case IOException and not (StoreFaultException or StoreUnavailableException) when IsOfNetwork(failure):
                return new StoreUnavailableException(
                    Say(what, "It did not answer", "see whether this machine reaches the account's address", failure), failure);
            default:
                return null;
        }
    }

    private static bool IsOfNetwork(Exception failure) =>
        failure is HttpIOException || failure.InnerException is System.Net.Sockets.SocketException;

    private IOException OfAnswer(RequestFailedException refused, string what)
    {
        var code = refused.ErrorCode ?? "";
        if (code == BlobErrorCode.ContainerNotFound || code == BlobErrorCode.ContainerBeingDeleted)
            return new StoreUnavailableException(
                Say(what, "The container does not exist", "make it, or correct GeoRegistry:Azure:Container", refused), refused);
        if (code == BlobErrorCode.AccountIsDisabled || code == BlobErrorCode.ContainerDisabled)
            return Fault(StoreFault.NoPermission, "The account is disabled", "enable it: see the subscription's state and payments");
        if (code.EndsWith("QuotaExceeded", StringComparison.Ordinal) || refused.Status == 507)
            return Fault(StoreFault.Full, "The account is full", "raise its quota, or delete what is not needed");
        if (code.Contains("Immutable", StringComparison.Ordinal) || code.Contains("ReadOnly", StringComparison.Ordinal))
            return Fault(StoreFault.ReadOnly, "It may not be changed", "remove the container's immutability policy or the lock");
        return refused.Status switch
        {
            401 or 403 => Fault(
                StoreFault.NoPermission,
                "Access was refused",
                "give the identity the role Storage Blob Data Contributor; see whether the key or signature is valid "
                    + "and this machine's network allowed"),
            408 or 429 or >= 500 => new StoreUnavailableException(
                Say(what, "It is busy or away", "see the account's metrics and the service's health", refused),
                refused),
            _ => new IOException(Say(what, "It refused the request", "see the log of this region", refused), refused),
        };

        StoreFaultException Fault(StoreFault fault, string happened, string remedy) =>
            new(fault, Say(what, happened, remedy, refused), refused);
    }

    // Without the client's own text of an answer, which is many lines of headers.
    private string Say(string what, string happened, string remedy, Exception failure)
    {
        var reported = failure is RequestFailedException { Status: > 0 } answer ? $"{answer.Status} {answer.ErrorCode}" : failure.Message;
        return $"Azure Blob Storage, account {account}, container {container}: could not {what}. {happened} ({reported}): {remedy}.";
    }
}
