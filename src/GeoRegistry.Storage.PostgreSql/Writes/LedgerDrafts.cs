using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Storage.PostgreSql.Connections;

namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>The ledgers that a transaction changes. What its commits touch is read in one round trip, and written in another.</summary>
/// <remarks>
/// Nothing is locked between the two: where another writer changed a ledger meanwhile, <see cref="RowChanges.MoveHeads"/> ends the
/// transaction, and it is run again from the read. A writer that freezes between them holds up nobody.
/// </remarks>
internal sealed class LedgerDrafts
{
    // $1 and $2 are the kinds and names of all ledgers; the other reads name a ledger by its place among them.
    private const string Ledgers =
        """
        SELECT coalesce(ledgers.id, nextval(pg_get_serial_sequence('ledgers', 'id'))), ledgers.id IS NULL,
            epoch, number, checksum, contents
        FROM unnest($1, $2) WITH ORDINALITY AS asked (kind, name, place)
        LEFT JOIN ledgers ON ledgers.kind = asked.kind AND ledgers.name = asked.name ORDER BY asked.place
        """;

    private const string LedgerOfKey =
        "FROM unnest($3, $4) AS asked (place, key) JOIN ledgers ON kind = ($1)[asked.place + 1] AND ledgers.name = ($2)[asked.place + 1]";

    private const string Tags =
        $"SELECT asked.place, asked.key, digest {LedgerOfKey} JOIN tags ON tags.ledger = ledgers.id AND tags.name = asked.key";

    private const string Manifests =
        $"""
        SELECT asked.place, digest, media_type, content {LedgerOfKey}
        JOIN manifests ON manifests.ledger = ledgers.id AND manifests.digest = asked.key
        """;

    private const string Links =
        $"""
        SELECT asked.place, digest, size {LedgerOfKey}
        JOIN blob_links ON blob_links.digest = asked.key AND blob_links.ledger = ledgers.id WHERE committed
        """;

    private readonly List<LedgerDraft> _drafts = [];
    private readonly Dictionary<LedgerId, int> _places = [];
    private readonly Keys<Tag> _tags = new();
    private readonly Keys<Digest> _manifests = new();
    private readonly Keys<Digest> _links = new();

    /// <summary>The ledgers.</summary>
    public IReadOnlyList<LedgerDraft> All => _drafts;

    /// <summary>The draft of a ledger that a commit was expected of.</summary>
    public LedgerDraft this[LedgerId ledger] => _drafts[_places[ledger]];

    /// <summary>Notes a ledger of which nothing but its row is read.</summary>
    private int Expect(LedgerId ledger)
    {
        if (_places.TryGetValue(ledger, out var place)) return place;
        _drafts.Add(new LedgerDraft(ledger));
        return _places[ledger] = _drafts.Count - 1;
    }

    /// <summary>Notes what a commit touches.</summary>
    public void Expect(Commit commit)
    {
        var place = Expect(commit.Ledger);
        foreach (var operation in commit.Operations)
        {
            switch (operation)
            {
                case Operation.ManifestPut(var manifest):
                    _manifests.Add(place, manifest.Digest);
                    foreach (var reference in manifest.References)
                    {
                        if (reference.Kind == ContentKind.Blob) _links.Add(place, reference.Digest);
                    }

                    break;
                case Operation.TagSet(var tag, _):
                    _tags.Add(place, tag);
                    break;
                case Operation.TagDeleted(var tag):
                    _tags.Add(place, tag);
                    break;
                case Operation.ManifestDeleted(var digest):
                    _manifests.Add(place, digest);
                    break;
                case Operation.BlobDeleted(var digest):
                    _links.Add(place, digest);
                    break;
                case Operation.BlobLinked(var digest, _):
                    _links.Add(place, digest);
                    break;
            }
        }
    }

    /// <summary>Reads what the commits touch.</summary>
    /// <exception cref="Exception">A row is damaged (<see cref="StoredManifest.Read"/>).</exception>
    public async Task ReadAsync(StatementBatch batch, CancellationToken cancellation)
    {
        short[] kinds = [.. _drafts.Select(draft => (short)draft.Id.Kind)];
        string[] names = [.. _drafts.Select(draft => draft.Id.Name)];
        var next = 0;
        batch.Read(Ledgers, row => _drafts[next++].Begin(
            row.GetInt64(0), row.GetBoolean(1), row.GetBoolean(1) ? LedgerState.Empty : LedgerRows.State(row, 2)), kinds, names);
        if (_tags.Any) batch.Read(
            Tags,
            row => _drafts[row.GetInt32(0)].Tags[Tag.Parse(row.GetString(1))] = new(new(DigestKeys.FromKey(row.GetBytes(2)))),
            kinds, names, _tags.Places, _tags.Of(tag => tag.ToString()));
        if (_manifests.Any) batch.Read(
            Manifests,
            row =>
            {
                var digest = DigestKeys.FromKey(row.GetBytes(1));
                _drafts[row.GetInt32(0)].Manifests[digest] = new(StoredManifest.Read(row.GetBytes(3), row.GetString(2), digest));
            },
            kinds, names, _manifests.Places, _manifests.Of(digest => digest.ToKey()));
        if (_links.Any) batch.Read(
            Links,
            row => _drafts[row.GetInt32(0)].Links[DigestKeys.FromKey(row.GetBytes(1))] = new(new(row.GetInt64(2))),
            kinds, names, _links.Places, _links.Of(digest => digest.ToKey()));
        await batch.RunAsync(cancellation).ConfigureAwait(false);

        foreach (var (place, tag) in _tags.All) _drafts[place].Tags.TryAdd(tag, new(null));
        foreach (var (place, digest) in _manifests.All) _drafts[place].Manifests.TryAdd(digest, new(null));
        foreach (var (place, digest) in _links.All) _drafts[place].Links.TryAdd(digest, new(null));
    }

    /// <summary>Keys of one kind, each with the place of its ledger.</summary>
    private sealed class Keys<T>
    {
        private readonly HashSet<(int Place, T Key)> _keys = [];

        public bool Any => _keys.Count > 0;

        public IEnumerable<(int Place, T Key)> All => _keys;

        public int[] Places => [.. _keys.Select(key => key.Place)];

        public void Add(int place, T key) => _keys.Add((place, key));

        public TValue[] Of<TValue>(Func<T, TValue> value) => [.. _keys.Select(key => value(key.Key))];
    }
}
