using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Repositories.Regions;

/// <summary>The names by which a repository is read from memory.</summary>
public static class VisibleNames
{
    /// <summary>The name of the lists of referrers of a repository; no tag or digest begins with a colon.</summary>
    public const string Referrers = ":referrers";

    /// <summary>The names that operations may change where they are applied.</summary>
    public static IEnumerable<string> ChangedBy(IEnumerable<Operation> operations) => operations.SelectMany(ChangedBy).Distinct();

    // What is deleted may have had a subject; a commit does not say so.
    private static IEnumerable<string> ChangedBy(Operation operation) => operation switch
    {
        Operation.ManifestPut(var manifest) => manifest.Subject is null
            ? [manifest.Digest.ToString()] : [manifest.Digest.ToString(), Referrers],
        Operation.TagSet(var tag, _) => [tag.ToString()],
        Operation.TagDeleted(var tag) => [tag.ToString()],
        Operation.ManifestDeleted(var digest) => [digest.ToString(), Referrers],
        _ => [],
    };
}
