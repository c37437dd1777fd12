namespace GeoRegistry.TestKit.Etcd;

/// <summary>The certificates of an etcd cluster that asks its clients for theirs.</summary>
/// <param name="authority">Who signs them.</param>
public sealed class EtcdSecurity(TestAuthority authority)
{
    private readonly CertificateFiles _server = authority.Issue("etcd");

    /// <summary>A certificate and key that the members accept.</summary>
    public CertificateFiles Client { get; } = authority.Issue("client");

    /// <summary>Who signed them.</summary>
    public string AuthorityFile => authority.File;

    /// <summary>The user that etcdctl is, with its password, once authentication is enabled.</summary>
    public string? Root { get; set; }

    internal IReadOnlyList<string> ServerArguments =>
    [
        "--cert-file", _server.Certificate, "--key-file", _server.Key, "--trusted-ca-file", authority.File, "--client-cert-auth",
    ];

    internal IReadOnlyList<string> ControlArguments =>
    [
        "--cacert", authority.File, "--cert", Client.Certificate, "--key", Client.Key, .. Root is { } user ? new[] { "--user", user } : [],
    ];
}
