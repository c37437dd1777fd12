using System.ComponentModel.DataAnnotations;
using Azure.Storage.Blobs;

namespace GeoRegistry.Storage.Azure;

/// <summary>Where a region's blobs are in Azure Blob Storage: the section <c>GeoRegistry:Azure</c> of a configuration.</summary>
/// <remarks>
/// Who asks is told by a connection string, by a shared access signature, or else by the machine: by the workload identity of its pod
/// where it has one, else by its managed identity.
/// </remarks>
public sealed class AzureStorageOptions : IValidatableObject
{
    /// <summary>The account and its key, as the portal shows them. Default none.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>The account's blob endpoint, such as <c>https://account.blob.core.windows.net</c>. Default none.</summary>
    public string AccountUrl { get; set; } = "";

    /// <summary>
    /// A shared access signature for the account of <see cref="AccountUrl"/> or for the container: the query, with or without its
    /// question mark. It must allow to read, add, create, write, delete and list. Default none.
    /// </summary>
    public string Sas { get; set; } = "";

    /// <summary>The client id of the user-assigned managed identity to use; the machine's own without it. Default none.</summary>
    public string ManagedIdentity { get; set; } = "";

    /// <summary>The region's container; no other region may have it. Default none.</summary>
    public string Container { get; set; } = "";

    /// <summary>
    /// Whether the container is made at the start where it is missing. Default no: with a mistyped name a region would begin without
    /// its blobs.
    /// </summary>
    public bool CreateContainer { get; set; }

    /// <summary>How long the service may send or take nothing before a request is tried again. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan NetworkTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether blobs that are fetched from other regions are copied from their accounts by the service, where both regions have this on
    /// and the other can sign URLs: it has its account's key, or an identity that may ask for a user delegation key. What cannot be
    /// copied is sent by the other region's server. Default yes.
    /// </summary>
    public bool CopyBetweenAccounts { get; set; } = true;

    /// <summary>
    /// From which size on clients read a blob from the account itself, in MiB: they are answered with a redirect to a signed URL.
    /// 0: never. Default 0.
    /// </summary>
    [Range(0, AzureBlobStore.BlobMaxGiB * 1024)]
    public int RedirectMinMiB { get; set; }

    /// <summary>How long the URL of a redirect can be used. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan RedirectLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether the machine's identity asks.</summary>
    internal bool HasIdentity => AccountUrl.Length > 0 && Sas.Length == 0;

    /// <summary>Whether the region's blobs are in Azure at all.</summary>
    public bool IsConfigured => ConnectionString.Length + AccountUrl.Length + Container.Length + Sas.Length + ManagedIdentity.Length > 0;

    /// <summary>Where the container is, for people: its URL, without a signature.</summary>
    public string Place => ConnectionString.Length > 0
        ? new BlobContainerClient(ConnectionString, Container).Uri.GetLeftPart(UriPartial.Path)
        : $"{AccountUrl.TrimEnd('/')}/{Container}";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => IsConfigured ? Faults() : [];

    private IEnumerable<ValidationResult> Faults()
    {
        if (ConnectionString.Length > 0 == AccountUrl.Length > 0)
            yield return Fault(
                ConnectionString.Length > 0
                    ? $"the account is named by {nameof(AccountUrl)} as well: give one of the two."
                    : $"no account is named: give a connection string, or the account's {nameof(AccountUrl)}.",
                nameof(ConnectionString));
        if (ConnectionString.Length > 0 && !IsConnectionString())
            yield return Fault(
                "it is not a connection string: copy one from the account's access keys, "
                    + "of the form DefaultEndpointsProtocol=https;AccountName=…;AccountKey=….",
                nameof(ConnectionString));
        foreach (var fault in FaultsOfIdentity()) yield return fault;
        if (!IsContainer(Container))
            yield return Fault(
                $"'{Container}' is not the name of a container: use 3 to 63 lower-case letters, digits and single inner dashes.",
                nameof(Container));
    }

    private IEnumerable<ValidationResult> FaultsOfIdentity()
    {
        var url = Uri.TryCreate(AccountUrl, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" ? parsed : null;
        if (AccountUrl.Length > 0 && (url is null || url.Query.Length > 0))
            yield return Fault(
                $"it is not the address of an account: use a form such as https://account.blob.core.windows.net, "
                    + $"and give a signature as {nameof(Sas)}.",
                nameof(AccountUrl));
        if (ConnectionString.Length > 0 && Sas.Length > 0)
            yield return Fault("the connection string says who asks: give one of the two.", nameof(Sas));
        if (Sas.Length > 0 && !Sas.Contains("sig=", StringComparison.Ordinal))
            yield return Fault("it is not a shared access signature: it has no part sig=….", nameof(Sas));
        if (Sas.Length > 0 && RedirectMinMiB > 0)
            yield return Fault(
                "redirects are signed with the account's key or for the machine's identity, not with a signature: give one of these.",
                nameof(RedirectMinMiB));
        if (ManagedIdentity.Length > 0 && ConnectionString.Length + Sas.Length > 0)
            yield return Fault("the connection string or the signature says who asks: give one of them.", nameof(ManagedIdentity));
        if (url is { Scheme: "http" } && Sas.Length == 0)
            yield return Fault("an identity is told over https only.", nameof(AccountUrl));
    }

    private bool IsConnectionString()
    {
        try
        {
            _ = new BlobServiceClient(ConnectionString);
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            return false;
        }
    }

    private static bool IsContainer(string name) =>
        name.Length is >= 3 and <= 63
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
        && !name.Contains("--", StringComparison.Ordinal) && name[0] != '-' && name[^1] != '-';

    private static ValidationResult Fault(string message, string member) => new(message, [member]);
}
