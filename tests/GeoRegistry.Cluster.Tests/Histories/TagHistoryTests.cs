using System.Diagnostics;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>The judge is judged first: one that accepts everything would find nothing.</summary>
public sealed class TagHistoryTests
{
    private static readonly TagName Tag = new("team/app", "1");

    [Fact]
    public void FindFault_OneAfterTheOther_Nothing() =>
        AssertRight(Read(null, 0, 1), Write("a", 2, 3), Read("a", 4, 5), Write("b", 6, 7), Read("b", 8, 9), Write(null, 10, 11), Read(null, 12, 13));

    [Fact]
    public void FindFault_ReadsWhileAWriteIsUnderWay_MayAnswerEitherInOrder() =>
        AssertRight(Write("a", 0, 1), Write("b", 2, 10), Read("a", 3, 4), Read("a", 3, 8), Read("b", 5, 6), Read("b", 7, 9));

    [Fact]
    public void FindFault_NewThenOldWhileAWriteIsUnderWay_IsFound() =>
        AssertWrong(Write("a", 0, 1), Write("b", 2, 10), Read("b", 3, 4), Read("a", 5, 6));

    [Fact]
    public void FindFault_RegionsThatDifferWhileAWriteIsUnderWay_AreToldFromStaleOnes()
    {
        TagOperation[] writes = [Write("a", 0, 1), Write("b", 2, 10)];
        var differing = new TagHistory(Tag, [.. writes, Read("b", 3, 4), Read("a", 5, 6) with { Region = "us" }]).FindFault();
        Assert.Contains("in each region by itself it is", differing, StringComparison.Ordinal);
        Assert.DoesNotContain("Unknown", differing, StringComparison.Ordinal);
        Assert.Contains("nor is it in us alone", new TagHistory(Tag, [.. writes, Read("a", 11, 12) with { Region = "us" }]).FindFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void FindFault_StaleRead_IsFound() => AssertWrong(Write("a", 0, 1), Write("b", 2, 3), Read("a", 4, 5));

    [Fact]
    public void FindFault_NothingAfterAPush_IsFound() => AssertWrong(Write("a", 0, 1), Read(null, 2, 3));

    [Fact]
    public void FindFault_StaleReadThatSaysSo_IsRight() => AssertRight(Write("a", 0, 1), Write("b", 2, 3), Read("a", 4, 5) with { MayBeStale = true });

    [Fact]
    public void FindFault_ReadFromNowhere_IsFound()
    {
        AssertWrong(Write("a", 0, 1), Read("c", 2, 3));
        AssertWrong(Write("a", 0, 1), Read("c", 2, 3) with { MayBeStale = true });
        AssertWrong(Write("a", 0, 1), Write("c", 2, 3) with { Outcome = Outcome.Refused }, Read("c", 4, 5));
        AssertWrong(Read("a", 0, 1), Write("a", 2, 3));
    }

    [Fact]
    public void FindFault_ResurrectedDelete_IsFound() => AssertWrong(Write("a", 0, 1), Write(null, 2, 3), Read(null, 4, 5), Read("a", 6, 7));

    [Fact]
    public void FindFault_DeleteWithoutAnswer_MayComeLaterButOnce()
    {
        AssertRight(Write("a", 0, 1), Lost(null, 2), Read("a", 4, 5), Read(null, 6, 7));
        AssertWrong(Write("a", 0, 1), Lost(null, 2), Read("a", 4, 5), Read(null, 6, 7), Read("a", 8, 9));
        AssertRight(Write("a", 0, 1), Lost(null, 2), Lost(null, 2), Read(null, 6, 7), Write("b", 8, 9), Read(null, 10, 11));
        AssertWrong(Write("a", 0, 1), Lost(null, 2), Read(null, 6, 7), Write("b", 8, 9), Read(null, 10, 11));
    }

    [Fact]
    public void FindFault_PushWithoutAnswer_MayHappenOnceOrNever()
    {
        AssertRight(Write("a", 0, 1), Lost("b", 2), Read("a", 4, 5));
        AssertRight(Write("a", 0, 1), Lost("b", 2), Read("a", 4, 5), Read("b", 6, 7));
        AssertWrong(Write("a", 0, 1), Lost("b", 2), Read("b", 4, 5), Read("a", 6, 7));
        AssertWrong(Write("a", 0, 1), Read("b", 2, 3), Lost("b", 4));
    }

    [Fact]
    public void FindFault_LostUpdate_IsFound()
    {
        var both = new[] { Write("a", 0, 1), Move("a", "b", 2, 5), Move("a", "c", 3, 6) };
        AssertWrong(both);
        AssertRight(both[0], both[1], both[2] with { Outcome = Outcome.Refused }, Read("b", 7, 8));
    }

    [Fact]
    public void FindFault_TwoCreateTheSame_IsFound()
    {
        AssertWrong(Create("a", 0, 5), Create("b", 1, 6));
        AssertRight(Create("a", 0, 5), Create("b", 1, 6) with { Outcome = Outcome.Refused }, Read("a", 7, 8));
        AssertRight(Create("a", 0, 1), Write(null, 2, 3), Create("b", 4, 5));
    }

    [Fact]
    public void FindFault_LongHistory_TellsTheShortest()
    {
        var operations = Enumerable.Range(0, 200).SelectMany(i => new[] { Write($"v{i}", i * 10, (i * 10) + 1), Read($"v{i}", (i * 10) + 2, (i * 10) + 3) }).ToList();
        operations.Insert(100, Read("v10", 1500, 1501));

        var fault = new TagHistory(Tag, operations).FindFault();

        Assert.NotNull(fault);
        Assert.InRange(fault.Split('\n').Length, 3, 5);
        Assert.Contains("v10", fault, StringComparison.Ordinal);
    }

    /// <summary>Histories made by an atomic register with clients at random moments are right; with one answer changed they mostly are not.</summary>
    [Fact]
    public void FindFault_RandomHistories_AreJudgedRightAndQuickly()
    {
        var random = new Random(7);
        var (found, began) = (0, Stopwatch.GetTimestamp());
        for (var run = 0; run < 10; run++)
        {
            var operations = RandomHistory(random, clients: 8, count: 1000);
            AssertRight([.. operations]);
            var index = operations.FindIndex(200, operation => operation is { Action: TagAction.Read, Outcome: Outcome.Done, Value: not null });
            operations[index] = operations[index] with { Value = operations.First(operation => operation is { Action: TagAction.Write, Outcome: Outcome.Done, Value: not null }).Value };
            if (new TagHistory(Tag, operations).FindFault() is not null) found++;
        }

        Assert.Equal(10, found);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 20);
    }

    private static List<TagOperation> RandomHistory(Random random, int clients, int count)
    {
        string? value = null;
        var free = new long[clients];
        List<(long At, TagOperation Operation)> moments = [];
        for (var i = 0; i < count; i++)
        {
            var client = random.Next(clients);
            var start = free[client] + random.Next(1, 20);
            var at = start + random.Next(1, 20);
            free[client] = at + random.Next(1, 20);
            var isWrite = random.Next(3) == 0;
            var lost = isWrite && random.Next(15) == 0;
            var written = random.Next(10) == 0 ? null : $"v{i}";
            moments.Add((at, new TagOperation("eu", Tag, isWrite ? TagAction.Write : TagAction.Read, written, start, lost ? long.MaxValue : free[client])
            {
                Outcome = lost ? Outcome.Unknown : Outcome.Done,
            }));
        }

        List<TagOperation> operations = [];
        foreach (var (_, operation) in moments.OrderBy(moment => moment.At))
        {
            if (operation.Action == TagAction.Read)
            {
                operations.Add(operation with { Value = value });
                continue;
            }

            operations.Add(operation);
            if (operation.Outcome == Outcome.Done || random.Next(2) == 0) value = operation.Value;
        }

        return operations;
    }

    private static void AssertRight(params TagOperation[] operations) => Assert.Null(new TagHistory(Tag, operations).FindFault());

    private static void AssertWrong(params TagOperation[] operations) => Assert.NotNull(new TagHistory(Tag, operations).FindFault());

    private static TagOperation Read(string? value, long start, long end) => new("eu", Tag, TagAction.Read, value, start, end);

    private static TagOperation Write(string? value, long start, long end) => new("us", Tag, TagAction.Write, value, start, end);

    private static TagOperation Lost(string? value, long start) => Write(value, start, long.MaxValue) with { Outcome = Outcome.Unknown };

    private static TagOperation Create(string value, long start, long end) => Write(value, start, end) with { Condition = WriteCondition.Absent };

    private static TagOperation Move(string from, string to, long start, long end) => Write(to, start, end) with { Condition = WriteCondition.Is, Expected = from };
}
