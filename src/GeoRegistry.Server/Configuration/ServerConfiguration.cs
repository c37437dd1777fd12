using System.ComponentModel.DataAnnotations;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.Replication;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using GeoRegistry.Storage.Azure;
using GeoRegistry.Storage.PostgreSql;

namespace GeoRegistry.Server.Configuration;

/// <summary>The whole configuration of a server, read and validated before anything starts.</summary>
/// <param name="Server">The section <c>GeoRegistry</c>.</param>
/// <param name="Repositories">The section <c>GeoRegistry:Repositories</c>.</param>
/// <param name="Peer">The section <c>GeoRegistry:Peer</c>, which counts with a topology only.</param>
/// <param name="Replication">The section <c>GeoRegistry:Replication</c>, likewise.</param>
/// <param name="PostgreSql">The section <c>GeoRegistry:PostgreSql</c>.</param>
/// <param name="Etcd">The section <c>GeoRegistry:Etcd</c>, where the topology is in etcd.</param>
/// <param name="Azure">The section <c>GeoRegistry:Azure</c>: where the blobs are, if not in the data folder.</param>
internal sealed record ServerConfiguration(ServerOptions Server, RepositoryOptions Repositories, PeerOptions Peer,
    ReplicationOptions Replication, PostgreSqlOptions PostgreSql, EtcdOptions Etcd, AzureStorageOptions Azure)
{
    public const string Section = "GeoRegistry";

    /// <summary>The sections and the options that each is bound to.</summary>
    public static IReadOnlyList<(string Section, Type Options)> Sections { get; } =
    [
        (Section, typeof(ServerOptions)),
        ($"{Section}:{nameof(Repositories)}", typeof(RepositoryOptions)),
        ($"{Section}:{nameof(Peer)}", typeof(PeerOptions)),
        ($"{Section}:{nameof(Replication)}", typeof(ReplicationOptions)),
        ($"{Section}:{nameof(PostgreSql)}", typeof(PostgreSqlOptions)),
        ($"{Section}:{nameof(Etcd)}", typeof(EtcdOptions)),
        ($"{Section}:{nameof(Azure)}", typeof(AzureStorageOptions)),
    ];

    /// <summary>Whether the region is one of several: it has a control store.</summary>
    public bool IsAmongOthers => Server.Topology.Length > 0 || Etcd.IsUsed;

    /// <summary>Reads the configuration.</summary>
    /// <param name="configuration">Every source, the stronger ones last.</param>
    /// <param name="faults">Everything that is wrong with it, each with its remedy; nothing, where it can be used.</param>
    public static ServerConfiguration Read(IConfiguration configuration, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        var read = new ServerConfiguration(
            Bind<ServerOptions>(configuration, Sections[0].Section, found),
            Bind<RepositoryOptions>(configuration, Sections[1].Section, found),
            Bind<PeerOptions>(configuration, Sections[2].Section, found),
            Bind<ReplicationOptions>(configuration, Sections[3].Section, found),
            Bind<PostgreSqlOptions>(configuration, Sections[4].Section, found),
            Bind<EtcdOptions>(configuration, Sections[5].Section, found),
            Bind<AzureStorageOptions>(configuration, Sections[6].Section, found));
        if (read.Server.Topology.Length > 0 && read.Etcd.IsUsed)
            found.Add(
                $"{Section}:{nameof(ServerOptions.Topology)}: the topology is either in a file or in etcd; leave this option out, or "
                    + $"{Sections[5].Section}:{nameof(EtcdOptions.Endpoints)}.");
        if (read.IsAmongOthers && read.Peer.KeyFile.Length == 0)
            found.Add(
                $"{Sections[2].Section}:{nameof(PeerOptions.KeyFile)}: regions know each other by a cluster key; "
                    + "make one with 'openssl rand -hex 32 > cluster.key' and name the file with --peer-key in every region.");
        if (read.Azure.IsConfigured && read.Repositories.BlobMaxGiB > AzureBlobStore.BlobMaxGiB)
            found.Add(
                $"{Sections[1].Section}:{nameof(RepositoryOptions.BlobMaxGiB)}: a blob in Azure has at most "
                    + $"{AzureBlobStore.BlobMaxGiB} GiB; allow no larger ones.");
        found.AddRange(UnknownKeys(configuration));
        faults = found;
        return read;
    }

    private static T Bind<T>(IConfiguration configuration, string section, List<string> faults)
        where T : class, new()
    {
        var options = new T();
        foreach (var property in typeof(T).GetProperties().Where(property => property.CanWrite))
        {
            // One by one, so that a value that cannot be read does not hide the faults of the others.
            try
            {
                var value = configuration.GetValue(property.PropertyType, $"{section}:{property.Name}");
                if (value is not null) property.SetValue(options, value);
            }
            catch (InvalidOperationException)
            {
                faults.Add(
                    $"{section}:{property.Name} is '{configuration[$"{section}:{property.Name}"]}', "
                        + $"which is not a {Describe(property.PropertyType)}.");
            }
        }

        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);

        // The validator asks the object itself only when its attributes find no fault.
        if (results.Count > 0 && options is IValidatableObject validatable)
            results.AddRange(validatable.Validate(new ValidationContext(options)));
        faults.AddRange(results
            .DistinctBy(result => result.ErrorMessage)
            .Select(result => $"{section}:{result.MemberNames.First()}: {result.ErrorMessage}"));
        return options;
    }

    private static IEnumerable<string> UnknownKeys(IConfiguration configuration)
    {
        foreach (var (section, options) in Sections)
        {
            var known = options.GetProperties().Where(property => property.CanWrite).Select(property => property.Name)
                .Concat(Sections
                    .Select(other => other.Section)
                    .Where(other => other.StartsWith(section + ':', StringComparison.Ordinal))
                    .Select(other => other[(section.Length + 1)..]));
            foreach (var child in configuration.GetSection(section).GetChildren())
            {
                if (!known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                    yield return $"{child.Path} is not an option; those are listed by --help and in docs/configuration.md.";
            }
        }
    }

    private static string Describe(Type type) =>
        type == typeof(TimeSpan) ? "time such as 00:00:30 (hours, minutes, seconds)"
        : type == typeof(bool) ? "truth value: true or false" : "number";
}
