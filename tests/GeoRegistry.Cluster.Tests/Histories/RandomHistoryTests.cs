using System.Diagnostics;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Random histories of a tag, which names ever other manifests, and of a digest, which is there or not.</summary>
public sealed class RandomHistoryTests
{
    /// <summary>What an atomic register does is right, and quickly so; without half of the versions it is wrong.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FindFault_HistoryOf50000_IsCheckedRightAndQuickly(bool isOfDigest)
    {
        var random = new Random(7);
        var (operations, changes) = RandomHistory.Make(random, clients: 16, count: 50_000, isOfDigest: isOfDigest);
        var began = Stopwatch.GetTimestamp();
        Assert.Null(FindFault(operations, changes));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 2);

        changes.RemoveRange(changes.Count / 2, changes.Count - (changes.Count / 2));
        Assert.NotNull(FindFault(operations, changes));
    }

    [Fact]
    public void FindFault_HistoryOf50000WithOneOldAnswer_IsFound()
    {
        var random = new Random(7);
        var (operations, changes) = RandomHistory.Make(random, clients: 16, count: 50_000);
        for (var run = 0; run < 5; run++)
        {
            var at = operations.FindIndex(
                random.Next(1000, 49_000), operation => operation is { Action: NameAction.Read, Value: not null });
            var old = operations
                .First(operation => operation is { Action: NameAction.Write, Outcome: Outcome.Done, Value: not null })
                .Value;
            List<NameOperation> wrong = [.. operations];
            wrong[at] = wrong[at] with { Value = old };
            Assert.Contains("what was no longer so", FindFault(wrong, changes), StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// The rules say what a search through every order says, of histories that are right and of such that something was done to.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FindFault_SmallHistories_AreCheckedAsASearchChecks(bool isOfDigest)
    {
        var random = new Random(11);
        var (right, wrong) = (0, 0);
        for (var run = 0; run < 20_000; run++)
        {
            var (operations, changes) = RandomHistory.Make(
                random, clients: 4, count: 7, writesPerHundred: 60, deletesPerHundred: 40, lostPerHundred: 25, isOfDigest: isOfDigest);
            if (run % 4 > 0) Spoil(random, operations, changes);
            var expected = new ExhaustiveChecker(new NameVersions(changes), operations).IsRight();
            if (expected) right++;
            else wrong++;
            var fault = FindFault(operations, changes);
            Assert.True(
                expected == fault is null,
                $"Run {run}: {(expected ? $"right, but: {fault}" : "wrong, but nothing was found")}\n"
                + $"{string.Join('\n', operations.OrderBy(operation => operation.Start))}\n"
                + $"ledger: {string.Join(", ", changes.Select(change => NameOperation.Short(change.Value)))}");
        }

        Assert.InRange(right, 5000, 15_000);
        Assert.InRange(wrong, 5000, 15_000);
    }

    private static void Spoil(Random random, List<NameOperation> operations, List<NameChange> changes)
    {
        var at = random.Next(operations.Count);
        switch (random.Next(5))
        {
            case 0 when operations[at].Action == NameAction.Read:
                operations[at] = operations[at] with { Value = operations[random.Next(operations.Count)].Value };
                break;
            case 1 when changes.Count > 1:
                var swapped = random.Next(changes.Count - 1);
                (changes[swapped], changes[swapped + 1]) = (changes[swapped + 1], changes[swapped]);
                break;
            case 2 when changes.Count > 0:
                changes.RemoveAt(random.Next(changes.Count));
                break;
            case 3:
                changes.Insert(random.Next(changes.Count + 1), default);
                break;
            default:
                var shift = random.Next(-30, 30);
                operations[at] = operations[at] with
                {
                    Start = operations[at].Start + shift,
                    End = operations[at].End == long.MaxValue ? long.MaxValue : operations[at].End + shift,
                };
                break;
        }
    }

    private static string? FindFault(IReadOnlyList<NameOperation> operations, IEnumerable<NameChange> changes) =>
        new NameHistory(RandomHistory.Tag, new NameVersions(changes), operations).FindFault();
}
