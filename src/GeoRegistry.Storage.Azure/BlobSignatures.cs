using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Azure;

/// <summary>Signs URLs by which others read one blob for a time: with the account's key, or with one that the identity is given.</summary>
/// <remarks>A region that has only a shared access signature can sign nothing, and must not hand out its own, which allows all.</remarks>
internal sealed class BlobSignatures(BlobContainerClient container, bool hasIdentity, AzureFaults faults, TimeProvider clock)
{
    /// <summary>How long a key of the identity is used; the service allows a week.</summary>
    internal static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(12);

    /// <summary>How much earlier than here it may be by the service's clock: a key that begins now might not be valid yet.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(15);

    private readonly SemaphoreSlim _asking = new(1);
    private volatile UserDelegationKey? _key;

    /// <summary>Signs a URL for reading; null where there is nothing to sign it with.</summary>
    public async ValueTask<Uri?> SignAsync(Digest digest, TimeSpan lifetime, CancellationToken cancellation)
    {
        var blob = container.GetBlobClient(BlobKeys.Blob(digest));
        var signature = new BlobSasBuilder(BlobSasPermissions.Read, clock.GetUtcNow() + lifetime)
        {
            BlobContainerName = container.Name,
            BlobName = blob.Name,
            Resource = "b",
            Protocol = blob.Uri.Scheme == Uri.UriSchemeHttps ? SasProtocol.Https : SasProtocol.HttpsAndHttp,
        };
        if (container.CanGenerateSasUri) return blob.GenerateSasUri(signature);
        return hasIdentity
            ? blob.GenerateUserDelegationSasUri(signature, await KeyAsync(signature.ExpiresOn, cancellation).ConfigureAwait(false))
            : null;
    }

    // A signature ends with its key, if not before.
    private async ValueTask<UserDelegationKey> KeyAsync(DateTimeOffset neededUntil, CancellationToken cancellation)
    {
        if (_key is { } known && known.SignedExpiresOn > neededUntil) return known;
        await _asking.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_key is { } asked && asked.SignedExpiresOn > neededUntil) return asked;
            var options = new BlobGetUserDelegationKeyOptions(neededUntil + KeyLifetime) { StartsOn = clock.GetUtcNow() - ClockSkew };
            return _key = (await faults.RunAsync(
                "get a user delegation key",
                () => container.GetParentBlobServiceClient().GetUserDelegationKeyAsync(options, cancellation),
                cancellation).ConfigureAwait(false)).Value;
        }
        finally
        {
            _asking.Release();
        }
    }
}
