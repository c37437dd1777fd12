using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>
/// Checks the metadata database of a stopped server: its history is whole, and its tables are what the history amounts
/// to.
/// </summary>
internal static class StoreAudit
{
    private const int PageSize = 500;

    /// <summary>Replays the whole feed.</summary>
    /// <returns>How many commits it has.</returns>
    public static async Task<long> AssertWholeAsync(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "metadata.db");
        var replay = new Replay();
        await using (var store = new SqliteMetadataStore(path, RegionId.Parse("local")))
        {
            await ReadFeedAsync(store, replay);
            foreach (var (ledger, head) in replay.Heads) Assert.Equal(head, await store.ReadHeadAsync(ledger));
            foreach (var ((repository, digest), manifest) in replay.Manifests) await AssertManifestAsync(
                store, repository, digest, manifest);
            foreach (var ((repository, tag), digest) in replay.Tags) Assert.Equal(digest, await store.FindTagAsync(repository, tag));
        }

        // Each replayed row is in the tables; with equal counts there is no other.
        Assert.Equal(replay.Manifests.Count, Count(path, "SELECT count(*) FROM manifests"));
        Assert.Equal(replay.Tags.Count, Count(path, "SELECT count(*) FROM tags"));
        Assert.Equal(replay.Heads.Count, Count(path, "SELECT count(*) FROM ledgers WHERE number > 0"));
        Assert.Equal(replay.Position, Count(path, "SELECT count(*) FROM commits"));
        return replay.Position;
    }

    private static async Task ReadFeedAsync(SqliteMetadataStore store, Replay replay)
    {
        while (true)
        {
            var page = await store.ReadFeedAsync(new FeedPosition(RegionId.Parse("local"), default, replay.Position), PageSize);
            if (page.Count == 0) return;
            foreach (var entry in page)
            {
                Assert.Equal(replay.Position + 1, entry.Position);
                var commit = CommitCodec.Decode(entry.Encoded);
                var head = replay.Heads.GetValueOrDefault(commit.Ledger, LedgerHead.Empty).After(commit.Epoch, entry.Encoded.Span);
                Assert.Equal(head.Number, commit.Number);
                Assert.Equal(head.Checksum.ToArray(), entry.Checksum.ToArray());
                replay.Apply(commit, head, entry.Position);
            }
        }
    }

    private static async Task AssertManifestAsync(SqliteMetadataStore store, RepositoryName repository, Digest digest, Manifest expected)
    {
        var stored = await store.FindManifestAsync(repository, digest);
        Assert.NotNull(stored);
        Assert.Equal(expected.Content.ToArray(), stored.Content.ToArray());
        Assert.Equal(expected.MediaType, stored.MediaType);
        foreach (var reference in stored.References) Assert.Equal(
            reference.SizeBytes, await store.FindBlobAsync(repository, reference.Digest));
    }

    private static long Count(string path, string query)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>What the operations of the feed amount to.</summary>
    private sealed class Replay
    {
        public long Position { get; private set; }

        public Dictionary<LedgerId, LedgerHead> Heads { get; } = [];

        public Dictionary<(RepositoryName, Digest), Manifest> Manifests { get; } = [];

        public Dictionary<(RepositoryName, Tag), Digest> Tags { get; } = [];

        public void Apply(Commit commit, LedgerHead head, long position)
        {
            (Heads[commit.Ledger], Position) = (head, position);
            var repository = RepositoryName.Parse(commit.Ledger.Name);
            foreach (var operation in commit.Operations) Apply(repository, operation);
        }

        private void Apply(RepositoryName repository, Operation operation)
        {
            switch (operation)
            {
                case Operation.ManifestPut put:
                    Manifests[(repository, put.Manifest.Digest)] = put.Manifest;
                    break;
                case Operation.TagSet set:
                    Assert.Contains((repository, set.Digest), Manifests.Keys);
                    Tags[(repository, set.Tag)] = set.Digest;
                    break;
                case Operation.TagDeleted deleted:
                    Assert.True(Tags.Remove((repository, deleted.Tag)), $"The feed deletes the tag {deleted.Tag}, which is not there.");
                    break;
                case Operation.ManifestDeleted deleted:
                    Assert.True(Manifests.Remove((repository, deleted.Digest)),
                        $"The feed deletes the manifest {deleted.Digest}, which is not there.");
                    break;
            }
        }
    }
}
