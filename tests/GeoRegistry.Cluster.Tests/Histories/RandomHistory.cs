namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>What clients at random moments record of an atomic register, and the versions that it had.</summary>
internal sealed record RandomHistory(List<TagOperation> Operations, List<string?> Changes)
{
    public static readonly TagName Tag = new("team/app", "1");

    public static RandomHistory Make(Random random, int clients, int count, int writesPerHundred = 33,
        int deletesPerHundred = 10, int lostPerHundred = 7)
    {
        var free = new long[clients];
        List<(long At, TagOperation Operation)> moments = [];
        for (var i = 0; i < count; i++)
        {
            var client = random.Next(clients);
            var start = free[client] + random.Next(1, 20);
            var at = start + random.Next(1, 20);
            free[client] = at + random.Next(1, 20);
            var isWrite = random.Next(100) < writesPerHundred;
            var lost = isWrite && random.Next(100) < lostPerHundred;
            var written = random.Next(100) < deletesPerHundred ? null : $"v{i}";
            moments.Add((at, new TagOperation("eu", Tag, isWrite ? TagAction.Write : TagAction.Read, written, start, lost ? long.MaxValue : free[client])
            {
                Outcome = lost ? Outcome.Unknown : Outcome.Done,
            }));
        }

        var history = new RandomHistory([], []);
        foreach (var (_, operation) in moments.OrderBy(moment => moment.At)) history.Record(random, operation);
        return history;
    }

    private void Record(Random random, TagOperation operation)
    {
        var standing = Changes.LastOrDefault();
        // A delete of nothing is a read of it.
        if (operation is { Outcome: Outcome.Done } && (operation.Action == TagAction.Read || operation.Value == standing))
        {
            Operations.Add(operation with { Action = TagAction.Read, Value = standing });
            return;
        }

        Operations.Add(operation);
        if (operation.Value != standing && (operation.Outcome == Outcome.Done || random.Next(2) == 0)) Changes.Add(operation.Value);
    }
}
