using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

/// <summary>A region's feed as its tails get it, without the region.</summary>
public sealed class SampleFeed(string region = "us")
{
    private readonly Dictionary<LedgerId, LedgerHead> _heads = [];
    private readonly List<ReplicaEntry> _entries = [];

    /// <summary>The incarnation of every sample feed.</summary>
    public static readonly Incarnation Incarnation = Incarnation.Parse("5a3917e0");

    public RegionId Region { get; } = RegionId.Parse(region);

    /// <summary>A place in a sample feed.</summary>
    public static FeedCursor Cursor(long position, ReadOnlyMemory<byte> checksum) => new(Incarnation, position, checksum);

    public IReadOnlyList<ReplicaEntry> Entries => _entries;

    /// <summary>Where the feed is applied up to and with the last entry.</summary>
    public FeedCursor End => Cursor(_entries.Count, _entries[^1].Checksum);

    public long Epoch { get; set; } = 1;

    /// <summary>Lets the ledger go on from a head.</summary>
    public void Continue(LedgerId ledger, LedgerHead head) => _heads[ledger] = head;

    public LedgerHead HeadOf(LedgerId ledger) => _heads.GetValueOrDefault(ledger, LedgerHead.Empty);

    /// <summary>Adds a commit that awaits nothing.</summary>
    public ReplicaEntry Add(string repository, params IReadOnlyList<Operation> operations) => Add(repository, [], operations);

    /// <summary>Adds the next commit of a repository.</summary>
    public ReplicaEntry Add(string repository, IReadOnlyList<MissingBlob> missing, params IReadOnlyList<Operation> operations)
    {
        var id = LedgerId.Of(RepositoryName.Parse(repository));
        var head = HeadOf(id);
        var commit = new Commit(id, Epoch, head.Number + 1, SampleLedger.At.AddSeconds(_entries.Count), "tests", Region, operations);
        var encoded = CommitCodec.Encode(commit);
        _heads[id] = head.After(Epoch, encoded);
        return Add(new ReplicaEntry(_entries.Count + 1, id, commit, encoded, _heads[id].Checksum, missing));
    }

    /// <summary>Adds a commit that sets a tag.</summary>
    public ReplicaEntry Tag(string repository, string tag) =>
        Add(repository, new Operation.TagSet(Protocol.Tag.Parse(tag), SampleBlob.Of(tag).Digest));

    /// <summary>Adds an entry that the source withholds.</summary>
    public ReplicaEntry Withhold() => Add(new ReplicaEntry(_entries.Count + 1, null, null, default, default, []));

    private ReplicaEntry Add(ReplicaEntry entry)
    {
        _entries.Add(entry);
        return entry;
    }
}
