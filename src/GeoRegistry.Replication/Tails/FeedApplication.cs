using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Status;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Regions;

namespace GeoRegistry.Replication.Tails;

/// <summary>The steps before and after the store applies entries of a feed.</summary>
public sealed class FeedApplication(IRepositoryTables tables, WantedBlobs wanted, RepositoryViews views,
    Latencies latencies, TimeProvider clock)
{
    // None, or null, where it is not known what is set aside: then all may be.
    private readonly ConcurrentDictionary<RegionId, HashSet<LedgerId>?> _setAside = new();

    /// <summary>Whether a ledger is set aside here: what is here of it may be old, and is not shown alone.</summary>
    public bool IsSetAside(RegionId source, LedgerId ledger) =>
        !_setAside.TryGetValue(source, out var ledgers) || ledgers?.Contains(ledger) != false;

    /// <summary>
    /// Prepares an entry: notes the names that it changes before they can be read, and finds the blobs that it makes this
    /// region want.
    /// </summary>
    /// <param name="state">The tail.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="earlier">The entries before it that are prepared and not applied yet.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>The entry; without its commit where that cannot be read here.</returns>
    public async ValueTask<ReplicaEntry> PrepareAsync(
        TailState state, FeedEntry entry, IReadOnlyList<ReplicaEntry> earlier, CancellationToken cancellation)
    {
        if (entry.Ledger is not { } ledger) return new ReplicaEntry(entry.Position, null, null, default, default, []);
        // One of a newer build, or damaged: the ledger is repaired by a snapshot, or set aside.
        var commit = CommitCodec.TryDecode(entry.Encoded);
        if (commit is null || commit.Ledger != ledger)
            return new ReplicaEntry(entry.Position, ledger, null, entry.Encoded, entry.Checksum, []);
        var repository = RepositoryName.Parse(ledger.Name);
        var names = new List<string>();
        foreach (var name in VisibleNames.ChangedBy(commit.Operations))
        {
            if (await MayBeShownAsync(ledger, name, earlier, cancellation).ConfigureAwait(false)) names.Add(name);
        }

        state.Visibility.NoteChanges(repository, names, entry.Position);
        var missing = await wanted.FindMissingAsync(repository, commit.Operations, state.Source, cancellation).ConfigureAwait(false);
        return new ReplicaEntry(entry.Position, ledger, commit, entry.Encoded, entry.Checksum, missing);
    }

    /// <summary>Lets readers see entries that are on disk.</summary>
    public void Show(IEnumerable<ReplicaEntry> applied)
    {
        foreach (var entry in applied)
        {
            if (entry.Commit is not { } commit) continue;
            views.Apply(RepositoryName.Parse(commit.Ledger.Name), commit.Operations, new LedgerPoint(commit.Epoch, commit.Number));
            var age = clock.GetUtcNow() - commit.At;
            latencies.Applied.Add(age);
            if (entry.Missing.Count == 0) latencies.Completed.Add(age);
        }
    }

    /// <summary>Records which ledgers of a source are set aside.</summary>
    /// <param name="source">The source.</param>
    /// <param name="ledgers">The ledgers; null where that is not known.</param>
    internal void SetAside(RegionId source, IEnumerable<LedgerId>? ledgers) => _setAside[source] = ledgers?.ToHashSet();

    // A manifest that was not here can have been shown by nobody here: as long as it is unknown, its home is asked. So pulls of new
    // images ask nobody. One that is put earlier in the same batch may be shown elsewhere as it was between the two.
    private async ValueTask<bool> MayBeShownAsync(
        LedgerId ledger, string name, IReadOnlyList<ReplicaEntry> earlier, CancellationToken cancellation) =>
        !Digest.TryParse(name, out var digest)
            || await IsHereAsync(RepositoryName.Parse(ledger.Name), digest, cancellation).ConfigureAwait(false)
            || earlier.Any(entry => entry.Ledger == ledger && Puts(entry, digest));

    private async ValueTask<bool> IsHereAsync(RepositoryName repository, Digest digest, CancellationToken cancellation)
    {
        try
        {
            return await tables.FindManifestAsync(repository, digest, cancellation).ConfigureAwait(false) is not null;
        }
        catch (Exception e) when (e is InvalidDataException or InvalidCastException or FormatException)
        {
            return true; // Its row is damaged; it may have been shown before that.
        }
    }

    private static bool Puts(ReplicaEntry entry, Digest digest) =>
        entry.Commit is { } commit && commit.Operations.OfType<Operation.ManifestPut>().Any(put => put.Manifest.Digest == digest);
}
