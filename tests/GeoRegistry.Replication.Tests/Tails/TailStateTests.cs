using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Tails;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Tails;

public sealed class TailStateTests
{
    private static readonly RepositoryName Name = RepositoryName.Parse("team/app");
    private const string V1 = "v1", V2 = "v2";

    private readonly FakeTimeProvider _clock = new();
    private readonly ReplicationOptions _options = new();
    private readonly TailState _state;

    public TailStateTests()
    {
        _state = new TailState(Eu, _clock);
        _clock.Advance(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void HoldsLease_CountedFromTheQuestion_EndsBeforeTheBound()
    {
        Assert.False(_state.Visibility.HoldsLease);
        var askedAt = _clock.GetTimestamp();
        _clock.Advance(TimeSpan.FromSeconds(1));
        _state.Heard(default, askedAt, _clock.GetUtcNow(), 0, _options.StalenessBound, 0);
        Assert.True(_state.Visibility.HoldsLease);
        _clock.Advance((_options.StalenessBound * 0.95) - TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
        Assert.True(_state.Visibility.HoldsLease);

        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.False(_state.Visibility.HoldsLease);
    }

    /// <summary>
    /// The boot-time clock may stand still where the machine sleeps, and the wall clock may be set back: the larger counts.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HoldsLease_OneOfTheClocksSaysThatItHasEnded_IsNotHeld(bool isWallClock)
    {
        var (used, tick) = (_options.StalenessBound * 0.95, TimeSpan.FromTicks(1));
        foreach (var (passed, isHeld) in new[] { (used - tick, true), (used, false) })
        {
            var state = new TailState(Eu, _clock);
            _clock.Advance(_options.StalenessBound);
            state.Heard(
                default,
                _clock.GetTimestamp() - (isWallClock ? 0 : passed.Ticks),
                _clock.GetUtcNow() - (isWallClock ? passed : TimeSpan.Zero),
                0,
                _options.StalenessBound,
                0);
            Assert.Equal(isHeld, state.Visibility.HoldsLease);
        }
    }

    [Fact]
    public void MayShow_TagThatChanged_WaitsUntilAllKnowOfItsLastChange()
    {
        _state.Visibility.NoteChanges(Name, [V1], 1);
        _state.Visibility.NoteChanges(Name, [V1, V2], 2);
        Hear(2, shown: 1);
        Assert.False(_state.Visibility.MayShow(Name, V1));
        Assert.True(_state.Visibility.MayShow(Name, "other"));

        Hear(2, shown: 2);

        Assert.True(_state.Visibility.MayShow(Name, V1));
        Assert.True(_state.Visibility.MayShow(Name, V2));
    }

    /// <summary>
    /// What it knew of its last changes went with the process before; another region may still show the value before
    /// them.
    /// </summary>
    [Fact]
    public void MayShow_AfterARestart_WaitsUntilAllKnowWhatWasApplied()
    {
        _state.Begin(SampleFeed.Cursor(7, default));
        Hear(7, shown: 6, SampleFeed.Incarnation);
        Assert.True(_state.Visibility.HoldsLease);
        Assert.False(_state.Visibility.MayShow(Name, V1));

        Hear(7, shown: 7, SampleFeed.Incarnation);

        Assert.True(_state.Visibility.MayShow(Name, V1));
    }

    /// <summary>A snapshot has what the home has by then, also what the feed has not brought and not all regions know of.</summary>
    [Fact]
    public void MayShow_LedgerReplaced_WaitsUntilAllKnowWhatTheHomeHadThen()
    {
        _state.Visibility.BeginReplacing();
        var before = _clock.GetTimestamp();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        _state.Visibility.EndReplacing();
        // Asked before: the snapshot may have more than that head.
        _state.Heard(default, before, _clock.GetUtcNow(), 5, _options.StalenessBound, 5);
        Assert.False(_state.Visibility.MayShow(Name, V1));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Hear(6, shown: 5);
        Assert.False(_state.Visibility.MayShow(Name, V1));

        Hear(9, shown: 6);

        Assert.True(_state.Visibility.MayShow(Name, V1));
    }

    [Fact]
    public void Behind_HeadAhead_CountsFromWhenAllWasApplied()
    {
        Hear(0, shown: 0);
        Assert.Null(_state.Behind);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Hear(3, shown: 0);
        Assert.Equal(TimeSpan.FromSeconds(2), _state.Behind);

        _state.Applied.Advance(3);
        Hear(3, shown: 3);

        Assert.Null(_state.Behind);
        Assert.Equal(TimeSpan.Zero, _state.SinceHeard);
    }

    /// <summary>What was asked before the feed began again is answered after: its numbers and its lease are of the feed before.</summary>
    [Fact]
    public void Heard_AnswerOfTheIncarnationBefore_SaysOnlyThatTheSourceIsThere()
    {
        _state.Begin(SampleFeed.Cursor(900, default));
        _state.Visibility.NoteChanges(Name, [V2], 900);
        _state.Visibility.BeginReplacing();
        _state.SkipTo(Next(7));
        _state.Visibility.EndReplacing();
        _state.Visibility.NoteChanges(Name, [V1], 8);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Hear(head: 950, shown: 940, SampleFeed.Incarnation);
        Assert.False(_state.Visibility.HoldsLease);
        Assert.Equal((7, TimeSpan.Zero), (_state.Head, _state.SinceHeard));

        Hear(head: 8, shown: 7, _state.Incarnation);
        Hear(head: 8, shown: 7, _state.Incarnation);
        Assert.False(_state.Visibility.MayShow(Name, V1));
        Hear(head: 8, shown: 8, _state.Incarnation);
        Assert.True(_state.Visibility.MayShow(Name, V1));
        Assert.True(_state.Visibility.MayShow(Name, V2), "Its number was of the feed before.");
    }

    /// <summary>A report names both: half of each would say that far more was followed than was.</summary>
    [Fact]
    public async Task Position_ReadWhileTheFeedBeginsAgain_IsOfOneIncarnation()
    {
        var (old, next) = (SampleFeed.Cursor(900, default), Next(7));
        _state.Begin(old);
        var changes = Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++) _state.SkipTo(i % 2 == 0 ? next : old);
        });
        var (torn, deadline) = (0, new LoopDeadline("the last change"));
        while (!changes.IsCompleted)
        {
            deadline.Check();
            var position = _state.Position;
            if (position.Number != (position.Incarnation == next.Incarnation ? 7 : 900)) torn++;
        }

        await changes;
        Assert.Equal(0, torn);
    }

    private static FeedCursor Next(long number) => new(Incarnation.Parse("0000abcd"), number, default);

    private void Hear(long head, long shown, Incarnation incarnation = default) => _state.Heard(
        incarnation, _clock.GetTimestamp(), _clock.GetUtcNow(), head, _options.StalenessBound, shown);
}
