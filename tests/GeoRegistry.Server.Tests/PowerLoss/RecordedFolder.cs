namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>A folder: its entries as processes see them, and as a power loss leaves them.</summary>
internal sealed class RecordedFolder : RecordedNode
{
    private readonly Queue<Change> _unsynced = [];
    private readonly Dictionary<string, RecordedNode> _durable = [];
    private readonly Dictionary<string, RecordedNode> _seen = [];
    private long _synced;

    /// <summary>The entries that processes see.</summary>
    public IReadOnlyDictionary<string, RecordedNode> Seen => _seen;

    /// <summary>Gives a name to a node, or takes it from the one that has it.</summary>
    public void Set(string name, RecordedNode? node) => Make(new Change([(name, node)]));

    /// <summary>Gives a node another name in this folder, both at once.</summary>
    public void Rename(string from, string to, RecordedNode node) => Make(new Change([(from, null), (to, node)]));

    public override void Sync(long changes)
    {
        for (; _synced < changes; _synced++) _unsynced.Dequeue().ApplyTo(_durable);
    }

    /// <summary>The entries after a power loss; as <see cref="RecordedFile.AfterPowerLoss"/>.</summary>
    public IReadOnlyDictionary<string, RecordedNode> AfterPowerLoss(Func<bool>? survives)
    {
        if (survives is null || _unsynced.Count == 0) return _durable;
        var entries = new Dictionary<string, RecordedNode>(_durable);
        foreach (var change in _unsynced.Where(_ => survives())) change.ApplyTo(entries);
        return entries;
    }

    private void Make(Change change)
    {
        change.ApplyTo(_seen);
        _unsynced.Enqueue(change);
        Changes++;
    }

    private sealed record Change((string Name, RecordedNode? Node)[] Entries)
    {
        public void ApplyTo(Dictionary<string, RecordedNode> entries)
        {
            foreach (var (name, node) in Entries)
            {
                if (node is null) entries.Remove(name);
                else entries[name] = node;
            }
        }
    }
}
