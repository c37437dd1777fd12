using System.Diagnostics;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>
/// The judge is judged first: one that accepts everything would find nothing. Versions come after version 0, which is
/// nothing.
/// </summary>
public sealed class TagHistoryTests
{
    private static readonly TagName Tag = RandomHistory.Tag;

    [Fact]
    public void FindFault_OneAfterTheOther_Nothing() =>
        AssertRight(["a", "b", null], Read(null, 0, 1), Write("a", 2, 3), Read("a", 4, 5), Write("b", 6, 7), Read("b", 8, 9), Write(null, 10, 11), Read(null, 12, 13));

    [Fact]
    public void FindFault_NothingWritten_IsRightWhereNothingIsRead()
    {
        AssertRight([], Read(null, 0, 1));
        AssertWrong("what the ledger never had", [], Read("a", 0, 1));
        AssertWrong("is no version", [], Write("a", 0, 1));
    }

    [Fact]
    public void FindFault_WritesAtOnce_HaveTheOrderOfTheLedger()
    {
        TagOperation[] writes = [Write("a", 0, 10), Write("b", 0, 10)];
        AssertRight(["a", "b"], [.. writes, Read("a", 2, 3), Read("b", 11, 12)]);
        AssertRight(["b", "a"], [.. writes, Read("a", 11, 12)]);
        AssertWrong("what no longer stood", ["b", "a"], [.. writes, Read("a", 2, 3), Read("b", 11, 12)]);
    }

    [Fact]
    public void FindFault_LedgerThatTurnsWritesAround_IsFound() =>
        AssertWrong("before what had ended before it began", ["b", "a"], Write("a", 0, 1), Write("b", 2, 3));

    [Fact]
    public void FindFault_ReadsWhileAWriteIsUnderWay_MayAnswerEitherInOrder() =>
        AssertRight(["a", "b"], Write("a", 0, 1), Write("b", 2, 10), Read("a", 3, 4), Read("a", 3, 8), Read("b", 5, 6), Read("b", 7, 9));

    [Fact]
    public void FindFault_NewThenOldWhileAWriteIsUnderWay_IsFound() =>
        AssertWrong("what no longer stood", ["a", "b"], Write("a", 0, 1), Write("b", 2, 10), Read("b", 3, 4), Read("a", 5, 6) with { Region = "us" });

    [Fact]
    public void FindFault_StaleRead_IsFound() => AssertWrong("what no longer stood", ["a", "b"], Write("a", 0, 1), Write("b", 2, 3), Read("a", 4, 5));

    [Fact]
    public void FindFault_NothingAfterAPush_IsFound() => AssertWrong("what no longer stood", ["a"], Write("a", 0, 1), Read(null, 2, 3));

    [Fact]
    public void FindFault_StaleReadThatSaysSo_IsRightOnceItsWriteBegan()
    {
        TagOperation[] writes = [Write("a", 0, 1), Write("b", 6, 7)];
        AssertRight(["a", "b"], [.. writes, Read("a", 8, 9) with { MayBeStale = true }, Read(null, 8, 9) with { MayBeStale = true }]);
        AssertWrong("a stale read", ["a", "b"], [.. writes, Read("b", 4, 5) with { MayBeStale = true }]);
    }

    [Fact]
    public void FindFault_ReadFromNowhere_IsFound()
    {
        AssertWrong("what the ledger never had", ["a"], Write("a", 0, 1), Read("c", 2, 3));
        AssertWrong("a stale read", ["a"], Write("a", 0, 1), Read("c", 2, 3) with { MayBeStale = true });
        AssertWrong("what came later", ["a"], Read("a", 0, 1), Write("a", 2, 3));
    }

    [Fact]
    public void FindFault_VersionFromNowhere_IsFound()
    {
        AssertWrong("no write can have made", ["a", "c"], Write("a", 0, 1), Read("c", 2, 3));
        AssertWrong("refused", ["a", "c"], Write("a", 0, 1), Write("c", 2, 3) with { Outcome = Outcome.Refused });
        AssertWrong("no write can have made", ["a", null], Write("a", 0, 1));
        AssertWrong("no write can have made", ["a", "b", "a"], Write("a", 0, 10), Write("b", 0, 10));
    }

    [Fact]
    public void FindFault_LostUpdate_IsFound()
    {
        AssertWrong("an acknowledged write is no version", ["b"], Write("a", 0, 1), Write("b", 2, 3));
        AssertWrong("no longer stood", ["a"], Write("a", 0, 1), Write(null, 2, 3));
    }

    [Fact]
    public void FindFault_ResurrectedDelete_IsFound()
    {
        TagOperation[] seen = [Write("a", 0, 1), Write(null, 2, 3), Read(null, 4, 5), Read("a", 6, 7)];
        AssertWrong("what no longer stood", ["a", null], seen);
        AssertWrong("no write can have made", ["a", null, "a"], seen);
    }

    [Fact]
    public void FindFault_DeleteWithoutAnswer_MayComeLaterButOnce()
    {
        AssertRight(["a", null], Write("a", 0, 1), Lost(null, 2), Read("a", 4, 5), Read(null, 6, 7));
        AssertWrong("no longer stood", ["a", null], Write("a", 0, 1), Lost(null, 2), Read("a", 4, 5), Read(null, 6, 7), Read("a", 8, 9));
        AssertRight(["a", null, "b", null], Write("a", 0, 1), Lost(null, 2), Lost(null, 2), Read(null, 6, 7), Write("b", 8, 9), Read(null, 10, 11));
        AssertWrong("no write can have made", ["a", null, "b", null], Write("a", 0, 1), Lost(null, 2), Read(null, 6, 7), Write("b", 8, 9), Read(null, 10, 11));
    }

    [Fact]
    public void FindFault_DeleteWithoutAnswer_IsNotTakenForAnAcknowledgedOne() =>
        AssertRight(["a", null, "b", null], Write("a", 0, 1), Lost(null, 2), Write(null, 3, 20), Write("b", 8, 9), Read("b", 10, 11), Read(null, 21, 22));

    [Fact]
    public void FindFault_DeletesAtOnce_AreMatchedSoThatAllFit() =>
        AssertRight(["a", null, "b", null], Write("a", 0, 1), Write(null, 2, 30), Write(null, 3, 7), Write("b", 8, 9), Read("b", 10, 11));

    [Fact]
    public void FindFault_PushWithoutAnswer_MayHappenOnceOrNever()
    {
        AssertRight(["a"], Write("a", 0, 1), Lost("b", 2), Read("a", 4, 5));
        AssertRight(["a", "b"], Write("a", 0, 1), Lost("b", 2), Read("a", 4, 5), Read("b", 6, 7));
        AssertWrong("no longer stood", ["a", "b"], Write("a", 0, 1), Lost("b", 2), Read("b", 4, 5), Read("a", 6, 7));
        AssertWrong("what came later", ["a", "b"], Write("a", 0, 1), Read("b", 2, 3), Lost("b", 4));
        AssertWrong("before what had ended", ["b", "a"], Write("a", 0, 1), Lost("b", 2));
    }

    [Fact]
    public void FindFault_WriteOfWhatStands_ChangesNothing()
    {
        AssertRight(["a"], Write("a", 0, 1), Write("a", 2, 3));
        AssertWrong("changed nothing has what no longer stood", ["a", "b"], Write("a", 0, 1), Write("b", 2, 3), Write("a", 4, 5));
    }

    [Fact]
    public void FindFault_TwoMoveTheSame_IsFound()
    {
        var both = new[] { Write("a", 0, 1), Move("a", "b", 2, 5), Move("a", "c", 3, 6) };
        AssertWrong("condition did not hold", ["a", "b", "c"], both);
        AssertWrong("is no version", ["a", "b"], both);
        AssertRight(["a", "b"], both[0], both[1], both[2] with { Outcome = Outcome.Refused }, Read("b", 7, 8));
        AssertWrong("condition did not hold", ["a", "b", "c"], both[0], both[1], both[2] with { Outcome = Outcome.Unknown, End = long.MaxValue });
    }

    [Fact]
    public void FindFault_TwoCreateTheSame_IsFound()
    {
        AssertWrong("condition did not hold", ["a", "b"], Create("a", 0, 5), Create("b", 1, 6));
        AssertWrong("condition did not hold", ["a"], Create("a", 0, 1), Create("a", 2, 3));
        AssertRight(["a"], Create("a", 0, 5), Create("b", 1, 6) with { Outcome = Outcome.Refused }, Read("a", 7, 8));
        AssertRight(["a", null, "b"], Create("a", 0, 1), Write(null, 2, 3), Create("b", 4, 5));
    }

    [Fact]
    public void FindFault_LongHistory_TellsWhatConflicts()
    {
        var operations = Enumerable.Range(0, 200).SelectMany(i => new[] { Write($"v{i}", i * 10, (i * 10) + 1), Read($"v{i}", (i * 10) + 2, (i * 10) + 3) }).ToList();
        operations.Insert(100, Read("v10", 1500, 1501) with { Region = "ap" });

        var fault = FindFault([.. Enumerable.Range(0, 200).Select(i => $"v{i}")], [.. operations]);

        Assert.Equal(
            ["team/app:1: read has what no longer stood", "  read: ", "  before: ", "  version 11 ", "  version 12 ", "  version 150 "],
            fault!.Split('\n').Zip([41, 8, 10, 13, 13, 14], (line, length) => line[..Math.Min(line.Length, length)]));
        Assert.Contains("ap  Read v10", fault, StringComparison.Ordinal);
    }

    /// <summary>What an atomic register does is right, and quickly so; with one answer changed to an old one it is wrong.</summary>
    [Fact]
    public void FindFault_HistoryOf50000_IsJudgedRightAndQuickly()
    {
        var random = new Random(7);
        var (operations, changes) = RandomHistory.Make(random, clients: 16, count: 50_000);
        var began = Stopwatch.GetTimestamp();
        AssertRight([.. changes], [.. operations]);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 2);

        for (var run = 0; run < 5; run++)
        {
            var at = operations.FindIndex(random.Next(1000, 49_000), operation => operation is { Action: TagAction.Read, Value: not null });
            var old = operations.First(operation => operation is { Action: TagAction.Write, Outcome: Outcome.Done, Value: not null }).Value;
            List<TagOperation> wrong = [.. operations];
            wrong[at] = wrong[at] with { Value = old };
            AssertWrong("what no longer stood", [.. changes], [.. wrong]);
        }
    }

    /// <summary>
    /// The judge says what a search through every order says, of histories that are right and of such that something was
    /// done to.
    /// </summary>
    [Fact]
    public void FindFault_SmallHistories_AreJudgedAsASearchJudges()
    {
        var random = new Random(11);
        var (right, wrong) = (0, 0);
        for (var run = 0; run < 20_000; run++)
        {
            var (operations, changes) = RandomHistory.Make(
                random, clients: 4, count: 7, writesPerHundred: 60, deletesPerHundred: 40, lostPerHundred: 25);
            if (run % 4 > 0) Spoil(random, operations, changes);
            var expected = new ExhaustiveJudge(new TagVersions(changes), operations).IsRight();
            if (expected) right++;
            else wrong++;
            var fault = FindFault([.. changes], [.. operations]);
            Assert.True(
                expected == fault is null,
                $"Run {run}: {(expected ? $"right, but: {fault}" : "wrong, but nothing was found")}\n{string.Join('\n', operations.OrderBy(operation => operation.Start))}\nledger: {string.Join(", ", changes.Select(TagOperation.Short))}");
        }

        Assert.InRange(right, 5000, 15_000);
        Assert.InRange(wrong, 5000, 15_000);
    }

    private static void Spoil(Random random, List<TagOperation> operations, List<string?> changes)
    {
        var at = random.Next(operations.Count);
        switch (random.Next(5))
        {
            case 0 when operations[at].Action == TagAction.Read:
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
                changes.Insert(random.Next(changes.Count + 1), null);
                break;
            default:
                var shift = random.Next(-30, 30);
                operations[at] = operations[at] with { Start = operations[at].Start + shift, End = operations[at].End == long.MaxValue ? long.MaxValue : operations[at].End + shift };
                break;
        }
    }

    private static string? FindFault(string?[] changes, params TagOperation[] operations) =>
        new TagHistory(Tag, new TagVersions(changes), operations).FindFault();

    private static void AssertRight(string?[] changes, params TagOperation[] operations) => Assert.Null(FindFault(changes, operations));

    private static void AssertWrong(string because, string?[] changes, params TagOperation[] operations) =>
        Assert.Contains(because, FindFault(changes, operations), StringComparison.Ordinal);

    private static TagOperation Read(string? value, long start, long end) => new("eu", Tag, TagAction.Read, value, start, end);

    private static TagOperation Write(string? value, long start, long end) => new("us", Tag, TagAction.Write, value, start, end);

    private static TagOperation Lost(string? value, long start) => Write(value, start, long.MaxValue) with { Outcome = Outcome.Unknown };

    private static TagOperation Create(string value, long start, long end) =>
        Write(value, start, end) with { Condition = WriteCondition.Absent };

    private static TagOperation Move(string from, string to, long start, long end) =>
        Write(to, start, end) with { Condition = WriteCondition.Is, Expected = from };
}
