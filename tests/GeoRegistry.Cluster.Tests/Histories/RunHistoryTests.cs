using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>What one request does to several names.</summary>
public sealed class RunHistoryTests
{
    private const string First = "sha256:1", Second = "sha256:2";

    private static readonly ManifestName Tag = new("team/app", "1");

    private readonly RunHistory _history = new();
    private readonly Dictionary<ManifestName, List<NameChange>> _changes = [];

    [Fact]
    public void FindFaults_ManifestDeletedByDigest_ItsTagWentByThatToo()
    {
        Push(First, 0, 1);
        Delete(First, 2, 3, Tag, Tag.ByDigest(First));
        Read(Tag, null, 4, 5);
        Read(Tag.ByDigest(First), null, 4, 5);
        Assert.Empty(FindFaults());

        Read(Tag, First, 6, 7);
        Assert.Contains("what was no longer so", Assert.Single(FindFaults()), StringComparison.Ordinal);
    }

    [Fact]
    public void FindFaults_TagGoneByTheDeletionOfAnotherManifest_IsFound()
    {
        Push(First, 0, 1);
        Push(Second, 2, 3);
        Delete(First, 4, 5, Tag, Tag.ByDigest(First));
        Assert.Contains("no write can have made", Assert.Single(FindFaults()), StringComparison.Ordinal);
    }

    [Fact]
    public void FindFaults_TagGoneBeforeTheDeletionOfItsManifestBegan_IsFound()
    {
        Push(First, 0, 1);
        Read(Tag, null, 2, 3);
        Delete(First, 4, 5, Tag, Tag.ByDigest(First));
        Assert.Contains("what came later", Assert.Single(FindFaults()), StringComparison.Ordinal);
    }

    private IReadOnlyList<string> FindFaults() =>
        _history.FindFaults(_changes.ToDictionary(name => name.Key, name => new NameVersions(name.Value)));

    private void Push(string digest, long start, long end)
    {
        Write(Tag, digest, start, end, Tag);
        Write(Tag.ByDigest(digest), digest, start, end, Tag.ByDigest(digest));
    }

    private void Delete(string digest, long start, long end, params ManifestName[] gone) =>
        Write(Tag.ByDigest(digest), null, start, end, gone);

    private void Read(ManifestName name, string? value, long start, long end) =>
        _history.Add(new NameOperation("us", name, NameAction.Read, value, start, end));

    private void Write(ManifestName name, string? value, long start, long end, params ManifestName[] changed)
    {
        var id = WriteId.OfKey($"{start}");
        _history.Add(new NameOperation("eu", name, NameAction.Write, value, start, end) { Id = id });
        foreach (var one in changed)
        {
            if (!_changes.TryGetValue(one, out var changes)) _changes[one] = changes = [];
            changes.Add(new NameChange(value, id));
        }
    }
}
