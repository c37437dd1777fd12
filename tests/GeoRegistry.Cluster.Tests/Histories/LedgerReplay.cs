using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Plays a repository's commits, one after the other: each must be possible after those before it.</summary>
internal sealed class LedgerReplay(string repository)
{
    private readonly Dictionary<ManifestName, List<NameChange>> _changes = [];
    private readonly HashSet<WriteId> _writes = [];
    private readonly Dictionary<Tag, Digest> _tags = [];
    private readonly Dictionary<Digest, Manifest> _manifests = [];
    private long _number;

    /// <summary>What changed of each name, in order.</summary>
    public IEnumerable<KeyValuePair<ManifestName, List<NameChange>>> Changes => _changes;

    public void Apply(Commit commit)
    {
        Assert.True(commit.Number == ++_number, $"After {repository}'s commit {_number - 1} comes {commit.Number}.");
        Assert.True(_writes.Add(commit.Write), $"{repository}'s commit {_number} carries out a write that one before it has carried out.");
        foreach (var operation in commit.Operations) Apply(operation, commit.Write);
        // The manifest of a commit comes before its tags, and tags go before their manifest.
        foreach (var (tag, digest) in _tags)
            Assert.True(
                _manifests.ContainsKey(digest),
                $"After {repository}'s commit {_number} {tag} names {digest}, which is not there.");
    }

    private void Apply(Operation operation, WriteId by)
    {
        switch (operation)
        {
            case Operation.ManifestPut(var manifest):
                _manifests[manifest.Digest] = manifest;
                Note($"{manifest.Digest}", $"{manifest.Digest}", by);
                break;
            case Operation.TagSet(var tag, var digest):
                _tags[tag] = digest;
                Note($"{tag}", $"{digest}", by);
                break;
            case Operation.TagDeleted(var tag):
                Assert.True(_tags.Remove(tag), $"{repository}'s commit {_number} deletes {tag}, which is not there.");
                Note($"{tag}", null, by);
                break;
            case Operation.ManifestDeleted(var digest):
                Assert.True(_manifests.Remove(digest), $"{repository}'s commit {_number} deletes {digest}, which is not there.");
                AssertUnused(digest);
                Note($"{digest}", null, by);
                break;
            case Operation.BlobDeleted(var digest):
                AssertUnused(digest);
                break;
        }
    }

    private void AssertUnused(Digest digest)
    {
        var user = _manifests.Values.FirstOrDefault(manifest => manifest.References.Any(reference => reference.Digest == digest));
        Assert.True(user is null, $"{repository}'s commit {_number} deletes {digest}, which the manifest {user?.Digest} names.");
    }

    private void Note(string reference, string? value, WriteId by)
    {
        var name = new ManifestName(repository, reference);
        if (!_changes.TryGetValue(name, out var changes)) _changes[name] = changes = [];
        changes.Add(new NameChange(value, by));
    }
}
