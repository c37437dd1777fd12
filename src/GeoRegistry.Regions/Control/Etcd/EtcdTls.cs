using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GeoRegistry.Regions.Control.Etcd;

/// <summary>The files that TLS to etcd is made of.</summary>
internal sealed class EtcdTls(EtcdOptions options)
{
    private IEnumerable<string> Files =>
        new[] { options.Authority, options.CertificateFile, options.KeyFile }.Where(file => file.Length > 0);

    /// <summary>Something that changes when the content of the files does.</summary>
    public string ReadStamp()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Files) hash.AppendData(File.ReadAllBytes(file));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Reads the files.</summary>
    /// <exception cref="CryptographicException">They cannot be used, or not together.</exception>
    public SslClientAuthenticationOptions Load()
    {
        var ssl = new SslClientAuthenticationOptions();
        if (options.Authority.Length > 0)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPemFile(options.Authority);
            if (policy.CustomTrustStore.Count == 0) throw new CryptographicException($"'{options.Authority}' has no certificate in PEM.");
            ssl.CertificateChainPolicy = policy;
        }

        if (options.CertificateFile.Length == 0 || options.KeyFile.Length == 0) return ssl;
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(options.CertificateFile);
        ssl.ClientCertificateContext = SslStreamCertificateContext.Create(
            X509Certificate2.CreateFromPemFile(options.CertificateFile, options.KeyFile), chain, offline: true);
        return ssl;
    }
}
