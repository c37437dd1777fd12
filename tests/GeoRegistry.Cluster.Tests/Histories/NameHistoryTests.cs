using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>
/// The checker is checked first: one that accepts everything would find nothing. Versions come after version 0, which is
/// nothing.
/// </summary>
public sealed class NameHistoryTests
{
    private const string Digest = "sha256:d";

    private static readonly ManifestName Tag = RandomHistory.Tag;

    [Fact]
    public void FindFault_OneAfterTheOther_Nothing() =>
        AssertRight(
            ["a", "b", null],
            Read(null, 0, 1), Write("a", 2, 3), Read("a", 4, 5), Write("b", 6, 7), Read("b", 8, 9),
            Write(null, 10, 11), Read(null, 12, 13));

    [Fact]
    public void FindFault_NothingWritten_IsRightWhereNothingIsRead()
    {
        string?[] nothing = [];
        AssertRight(nothing, Read(null, 0, 1));
        AssertWrong("what the ledger never had", nothing, Read("a", 0, 1));
        AssertWrong("is no version", nothing, Write("a", 0, 1));
    }

    [Fact]
    public void FindFault_WritesAtOnce_HaveTheOrderOfTheLedger()
    {
        NameOperation[] writes = [Write("a", 0, 10), Write("b", 0, 10)];
        AssertRight(["a", "b"], [.. writes, Read("a", 2, 3), Read("b", 11, 12)]);
        AssertRight(["b", "a"], [.. writes, Read("a", 11, 12)]);
        AssertWrong("what was no longer so", ["b", "a"], [.. writes, Read("a", 2, 3), Read("b", 11, 12)]);
    }

    [Fact]
    public void FindFault_LedgerThatTurnsWritesAround_IsFound() =>
        AssertWrong("before what had ended before it began", ["b", "a"], Write("a", 0, 1), Write("b", 2, 3));

    [Fact]
    public void FindFault_ReadsWhileAWriteIsUnderWay_MayAnswerEitherInOrder() =>
        AssertRight(["a", "b"], Write("a", 0, 1), Write("b", 2, 10), Read("a", 3, 4), Read("a", 3, 8), Read("b", 5, 6), Read("b", 7, 9));

    [Fact]
    public void FindFault_NewThenOldWhileAWriteIsUnderWay_IsFound() =>
        AssertWrong(
            "what was no longer so", ["a", "b"],
            Write("a", 0, 1), Write("b", 2, 10), Read("b", 3, 4), Read("a", 5, 6) with { Region = "us" });

    [Fact]
    public void FindFault_StaleRead_IsFound() =>
        AssertWrong("what was no longer so", ["a", "b"], Write("a", 0, 1), Write("b", 2, 3), Read("a", 4, 5));

    [Fact]
    public void FindFault_NothingAfterAPush_IsFound() => AssertWrong("what was no longer so", ["a"], Write("a", 0, 1), Read(null, 2, 3));

    [Fact]
    public void FindFault_StaleReadThatSaysSo_IsRightOnceItsWriteBegan()
    {
        NameOperation[] writes = [Write("a", 0, 1), Write("b", 6, 7)];
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
        AssertWrong("was no longer so", ["a"], Write("a", 0, 1), Write(null, 2, 3));
    }

    [Fact]
    public void FindFault_ResurrectedDelete_IsFound()
    {
        NameOperation[] seen = [Write("a", 0, 1), Write(null, 2, 3), Read(null, 4, 5), Read("a", 6, 7)];
        AssertWrong("what was no longer so", ["a", null], seen);
        AssertWrong("no write can have made", ["a", null, "a"], seen);
    }

    [Fact]
    public void FindFault_DeleteWithoutAnswer_MayComeLaterButOnce()
    {
        AssertRight(["a", null], Write("a", 0, 1), Lost(null, 2), Read("a", 4, 5), Read(null, 6, 7));
        AssertWrong("was no longer so", ["a", null], Write("a", 0, 1), Lost(null, 2), Read("a", 4, 5), Read(null, 6, 7), Read("a", 8, 9));
        AssertWrong(
            "no write can have made", ["a", null, "b", null],
            Write("a", 0, 1), Lost(null, 2), Read(null, 6, 7), Write("b", 8, 9), Read(null, 10, 11));
        var (a, b, first, second) = (Write("a", 0, 1), Write("b", 8, 9), Named("first", Lost(null, 2)), Named("second", Lost(null, 2)));
        AssertRight([By(a), By(first), By(b), By(second)], a, first, second, Read(null, 6, 7), b, Read(null, 10, 11));
    }

    [Fact]
    public void FindFault_DeletesAtOnce_EachMadeTheVersionThatTheLedgerSays()
    {
        var (a, slow, fast, b, seen) = (
            Write("a", 0, 1), Named("slow", Write(null, 2, 30)), Named("fast", Write(null, 3, 7)), Write("b", 8, 9), Read("b", 10, 11));
        AssertRight([By(a), By(fast), By(b), By(slow)], a, slow, fast, b, seen);
        AssertWrong("before what had ended before it began", [By(a), By(slow), By(b), By(fast)], a, slow, fast, b, seen);
    }

    [Fact]
    public void FindFault_ReadByDigestAfterItsDelete_IsFound()
    {
        NameOperation[] writes = [Write(Digest, 0, 1), Write(null, 2, 5), Read(Digest, 3, 4)];
        AssertRight([Digest, null], [.. writes, Read(null, 6, 7)]);
        AssertWrong("what was no longer so", [Digest, null], [.. writes, Read(Digest, 6, 7)]);
        AssertWrong(
            "what was no longer so", [Digest, null],
            [.. writes, Read(null, 3, 4) with { Region = "us" }, Read(Digest, 4, 5) with { Start = 5 }]);
    }

    [Fact]
    public void FindFault_DigestPushedAgain_IsThereAgainAndGoesAgain()
    {
        var (put, delete, again, gone) = (
            Write(Digest, 0, 1), Write(null, 2, 3), Named("again", Write(Digest, 4, 7)), Named("gone", Write(null, 8, 9)));
        NameOperation[] writes = [put, delete, again, gone];
        NameChange[] changes = [.. writes.Select(By)];
        AssertRight(changes, [.. writes, Read(null, 4, 5), Read(Digest, 6, 7), Read(null, 10, 11)]);
        AssertWrong("what was no longer so", changes, [.. writes, Read(Digest, 10, 11)]);
        AssertWrong("what came later", changes, [.. writes, Read(Digest, 4, 5), Read(null, 6, 7)]);
        AssertWrong(
            "what came later", [By(put), By(delete), By(again)],
            put, delete, Read(Digest, 3, 4) with { Start = 4, End = 5 }, again with { Start = 6 });
    }

    [Fact]
    public void FindFault_DeletedDigestThatComesBack_IsFound()
    {
        NameOperation[] seen = [Write(Digest, 0, 1), Write(null, 2, 3), Read(null, 4, 5), Read(Digest, 6, 7)];
        AssertWrong("what was no longer so", [Digest, null], seen);
        AssertWrong("no write can have made", [Digest, null, Digest], seen);
    }

    [Fact]
    public void FindFault_PushAcknowledgedWhileTheDigestIsGone_IsFound()
    {
        var again = Named("again", Write(Digest, 4, 5));
        AssertWrong("changed nothing has what was no longer so", [Digest, null], Write(Digest, 0, 1), Write(null, 2, 3), again);
        AssertRight([Digest, null], Write(Digest, 0, 1), Write(null, 2, 5), again);
    }

    [Fact]
    public void FindFault_PushWithoutAnswer_MayHappenOnceOrNever()
    {
        AssertRight(["a"], Write("a", 0, 1), Lost("b", 2), Read("a", 4, 5));
        AssertRight(["a", "b"], Write("a", 0, 1), Lost("b", 2), Read("a", 4, 5), Read("b", 6, 7));
        AssertWrong("was no longer so", ["a", "b"], Write("a", 0, 1), Lost("b", 2), Read("b", 4, 5), Read("a", 6, 7));
        AssertWrong("what came later", ["a", "b"], Write("a", 0, 1), Read("b", 2, 3), Lost("b", 4));
        AssertWrong("before what had ended", ["b", "a"], Write("a", 0, 1), Lost("b", 2));
    }

    [Fact]
    public void FindFault_WriteOfWhatIsThere_ChangesNothing()
    {
        AssertRight(["a"], Write("a", 0, 1), Named("again", Write("a", 2, 3)));
        AssertWrong(
            "changed nothing has what was no longer so", ["a", "b"],
            Write("a", 0, 1), Write("b", 2, 3), Named("again", Write("a", 4, 5)));
    }

    [Fact]
    public void FindFault_TwoMoveTheSame_IsFound()
    {
        var both = new[] { Write("a", 0, 1), Move("a", "b", 2, 5), Move("a", "c", 3, 6) };
        AssertWrong("condition did not hold", ["a", "b", "c"], both);
        AssertWrong("is no version", ["a", "b"], both);
        AssertRight(["a", "b"], both[0], both[1], both[2] with { Outcome = Outcome.Refused }, Read("b", 7, 8));
        AssertWrong(
            "condition did not hold", ["a", "b", "c"],
            both[0], both[1], both[2] with { Outcome = Outcome.Unknown, End = long.MaxValue });
    }

    [Fact]
    public void FindFault_TwoCreateTheSame_IsFound()
    {
        AssertWrong("condition did not hold", ["a", "b"], Create("a", 0, 5), Create("b", 1, 6));
        AssertWrong("condition did not hold", ["a"], Create("a", 0, 1), Named("again", Create("a", 2, 3)));
        AssertRight(["a"], Create("a", 0, 5), Create("b", 1, 6) with { Outcome = Outcome.Refused }, Read("a", 7, 8));
        AssertRight(["a", null, "b"], Create("a", 0, 1), Write(null, 2, 3), Create("b", 4, 5));
    }

    [Fact]
    public void FindFault_LongHistory_TellsWhatConflicts()
    {
        var operations = Enumerable.Range(0, 200)
            .SelectMany(i => new[] { Write($"v{i}", i * 10, (i * 10) + 1), Read($"v{i}", (i * 10) + 2, (i * 10) + 3) })
            .ToList();
        operations.Insert(100, Read("v10", 1500, 1501) with { Region = "ap" });

        var fault = FindFault(ByValues([.. Enumerable.Range(0, 200).Select(i => $"v{i}")]), [.. operations]);

        Assert.Equal(
            ["team/app:1: read has what was no longer so", "  read: ", "  before: ", "  version 11 ", "  version 12 ", "  version 150 "],
            fault!.Split('\n').Zip([42, 8, 10, 13, 13, 14], (line, length) => line[..Math.Min(line.Length, length)]));
        Assert.Contains("ap  Read v10", fault, StringComparison.Ordinal);
    }

    private static string? FindFault(NameChange[] changes, params NameOperation[] operations) =>
        new NameHistory(Tag, new NameVersions(changes), operations).FindFault();

    private static void AssertRight(NameChange[] changes, params NameOperation[] operations) =>
        Assert.Null(FindFault(changes, operations));

    private static void AssertRight(string?[] changes, params NameOperation[] operations) => AssertRight(ByValues(changes), operations);

    private static void AssertWrong(string because, NameChange[] changes, params NameOperation[] operations) =>
        Assert.Contains(because, FindFault(changes, operations), StringComparison.Ordinal);

    private static void AssertWrong(string because, string?[] changes, params NameOperation[] operations) =>
        AssertWrong(because, ByValues(changes), operations);

    // A write is called by its value where it has no other name.
    private static NameChange[] ByValues(string?[] changes) => [.. changes.Select(value => new NameChange(value, IdOf(value)))];

    private static NameChange By(NameOperation write) => new(write.Value, write.Id);

    private static NameOperation Named(string name, NameOperation write) => write with { Id = IdOf(name) };

    private static WriteId IdOf(string? name) => WriteId.OfKey(name ?? "nothing");

    private static NameOperation Read(string? value, long start, long end) => new("eu", Tag, NameAction.Read, value, start, end);

    private static NameOperation Write(string? value, long start, long end) =>
        new("us", Tag, NameAction.Write, value, start, end) { Id = IdOf(value) };

    private static NameOperation Lost(string? value, long start) => Write(value, start, long.MaxValue) with { Outcome = Outcome.Unknown };

    private static NameOperation Create(string value, long start, long end) =>
        Write(value, start, end) with { Condition = WriteCondition.Absent };

    private static NameOperation Move(string from, string to, long start, long end) =>
        Write(to, start, end) with { Condition = WriteCondition.Is, Expected = from };
}
