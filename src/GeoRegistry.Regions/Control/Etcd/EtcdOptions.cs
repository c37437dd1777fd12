using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;

namespace GeoRegistry.Regions.Control.Etcd;

/// <summary>How etcd is reached, where it has the topology: the section <c>GeoRegistry:Etcd</c>.</summary>
public sealed class EtcdOptions : IValidatableObject
{
    /// <summary>
    /// The members of the etcd cluster: URLs with <c>http</c> or all with <c>https</c>, separated by semicolons. Default none: the
    /// topology is not in etcd.
    /// </summary>
    public string Endpoints { get; set; } = "";

    /// <summary>What the keys begin with; another for each registry that uses the same etcd. Default <c>/georegistry</c>.</summary>
    [Required]
    public string Prefix { get; set; } = "/georegistry";

    /// <summary>The user, where etcd has authentication enabled. Default none.</summary>
    public string User { get; set; } = "";

    /// <summary>The file with the user's password, which is read whenever a token is asked for. Default none.</summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>A PEM file with the authorities that signed the members' certificates. Default none: those of the system.</summary>
    public string Authority { get; set; } = "";

    /// <summary>
    /// The certificate, in PEM and with its chain after it, that members ask of their clients; taken up anew when it changes. Default
    /// none.
    /// </summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>The private key of <see cref="CertificateFile"/>, in PEM. Default none.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>How long a request may take, over all members that are asked. Default 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the topology is in etcd.</summary>
    public bool IsUsed => Addresses.Length > 0;

    /// <summary>Whether the members are reached over TLS.</summary>
    internal bool IsSecure => Addresses.Any(address => address.StartsWith(Uri.UriSchemeHttps + ':', StringComparison.OrdinalIgnoreCase));

    /// <summary>Each URL of <see cref="Endpoints"/>.</summary>
    internal IReadOnlyList<Uri> Members => [.. Addresses.Select(address => new Uri(address))];

    private string[] Addresses => Endpoints.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Endpoints.Length > 0 && !IsUsed) yield return Fault($"'{Endpoints}' names no member of etcd.", nameof(Endpoints));
        foreach (var address in Addresses.Where(address => !IsHttpRoot(address)))
            yield return Fault($"'{address}' is not a member of etcd: use a form such as https://10.0.0.1:2379.", nameof(Endpoints));
        foreach (var twice in Addresses.GroupBy(address => address.TrimEnd('/')).Where(group => group.Count() > 1))
            yield return Fault($"{twice.Key} is listed twice: keep one.", nameof(Endpoints));
        if (IsSecure && Addresses.Any(address => !address.StartsWith(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase)))
            yield return Fault("some members are reached by http and some by https: use https for all.", nameof(Endpoints));
        if (!Prefix.StartsWith('/') || Prefix.EndsWith('/'))
            yield return Fault($"'{Prefix}' is not a prefix of keys: use a form such as /georegistry.", nameof(Prefix));
        foreach (var fault in FaultsOfPairs()) yield return fault;

        var files = new[]
        {
            (nameof(PasswordFile), PasswordFile), (nameof(Authority), Authority), (nameof(CertificateFile), CertificateFile),
            (nameof(KeyFile), KeyFile),
        };
        var missing = files.Where(file => file.Item2.Length > 0 && !File.Exists(file.Item2)).ToList();
        foreach (var (name, file) in missing) yield return Fault($"there is no file '{file}'.", name);
        if (missing.Count == 0 && FaultOfTls() is { } unreadable) yield return unreadable;
    }

    /// <summary>The password.</summary>
    internal string ReadPassword() => File.ReadAllText(PasswordFile).Trim();

    private IEnumerable<ValidationResult> FaultsOfPairs()
    {
        if (User.Length > 0 && PasswordFile.Length == 0)
            yield return Fault($"the user {User} has no password: name the file that has it.", nameof(PasswordFile));
        if (User.Length == 0 && PasswordFile.Length > 0)
            yield return Fault("there is a password and no user: name the user.", nameof(User));
        if (CertificateFile.Length > 0 && KeyFile.Length == 0)
            yield return Fault("there is a certificate without its private key: name the key's file.", nameof(KeyFile));
        if (CertificateFile.Length == 0 && KeyFile.Length > 0)
            yield return Fault("there is a private key without its certificate: name the certificate's file.", nameof(CertificateFile));
        if (IsUsed && !IsSecure && Authority.Length + CertificateFile.Length > 0)
            yield return Fault("certificates are of no use for members that are reached by http: use https.", nameof(Endpoints));
    }

    private ValidationResult? FaultOfTls()
    {
        try
        {
            new EtcdTls(this).Load();
            return null;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return Fault(
                $"'{Authority}', '{CertificateFile}' and '{KeyFile}' cannot be used together: {e.Message} "
                    + "Give them as PEM, with the key that belongs to the certificate.",
                Authority.Length > 0 && CertificateFile.Length == 0 ? nameof(Authority) : nameof(CertificateFile));
        }
    }

    private static bool IsHttpRoot(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/";

    private static ValidationResult Fault(string message, string option) => new(message, [option]);
}
