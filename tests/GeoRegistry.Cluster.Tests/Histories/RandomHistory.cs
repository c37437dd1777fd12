using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>What clients at random moments record of an atomic register, and the versions that it had.</summary>
internal sealed record RandomHistory(List<NameOperation> Operations, List<NameChange> Changes)
{
    public static readonly ManifestName Tag = new("team/app", "1");

    /// <param name="random">Chance.</param>
    /// <param name="clients">How many clients there are.</param>
    /// <param name="count">How many requests they make.</param>
    /// <param name="writesPerHundred">How many of them write.</param>
    /// <param name="deletesPerHundred">How many of the writes delete.</param>
    /// <param name="lostPerHundred">How many of the writes get no answer.</param>
    /// <param name="isOfDigest">Whether all pushes are of one manifest, as under its digest; else each is of its own.</param>
    public static RandomHistory Make(Random random, int clients, int count, int writesPerHundred = 33,
        int deletesPerHundred = 10, int lostPerHundred = 7, bool isOfDigest = false)
    {
        var free = new long[clients];
        List<(long At, NameOperation Operation)> moments = [];
        for (var i = 0; i < count; i++)
        {
            var client = random.Next(clients);
            var start = free[client] + random.Next(1, 20);
            var at = start + random.Next(1, 20);
            free[client] = at + random.Next(1, 20);
            var isWrite = random.Next(100) < writesPerHundred;
            var lost = isWrite && random.Next(100) < lostPerHundred;
            var written = random.Next(100) < deletesPerHundred ? null : isOfDigest ? "v" : $"v{i}";
            moments.Add((at, new NameOperation(
                "eu", Tag, isWrite ? NameAction.Write : NameAction.Read, written, start, lost ? long.MaxValue : free[client])
            {
                Id = WriteId.OfKey($"{i}"),
                Outcome = lost ? Outcome.Unknown : Outcome.Done,
            }));
        }

        var history = new RandomHistory([], []);
        foreach (var (_, operation) in moments.OrderBy(moment => moment.At)) history.Record(random, operation);
        return history;
    }

    private void Record(Random random, NameOperation operation)
    {
        var current = Changes.LastOrDefault().Value;
        // A delete of nothing is a read of it.
        var isRead = operation.Action == NameAction.Read || (operation is { Outcome: Outcome.Done, Value: null } && current is null);
        Operations.Add(isRead ? operation with { Action = NameAction.Read, Value = current } : operation);
        if (!isRead && operation.Value != current && (operation.Outcome == Outcome.Done || random.Next(2) == 0))
            Changes.Add(new NameChange(operation.Value, operation.Id));
    }
}
