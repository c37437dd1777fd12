using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Visibility;

/// <summary>
/// One home and two replicas with real leases, changes and tail states, but no sockets: a seed decides which step comes next
/// (append, deliver, report, reply, read, clock, restart). Values are the positions of their commits, so a tag is linear if no
/// answer is older than the newest value that was acknowledged or answered, anywhere, before its read began.
/// </summary>
/// <remarks>
/// Waits of the code under test end on other threads, at their time by the clock or, where the clock moved between two of their
/// lines, when it moves next. Each step leaves them turns of the thread pool, counted and not timed; the run's end awaits all. All
/// else follows from the seed.
/// </remarks>
internal sealed class LinearReadsSimulation
{
    /// <summary>
    /// How many turns of the thread pool each step leaves to the waits that it ends: a wait ends after a few, and one that is overdue and
    /// misses the clock's last move never does.
    /// </summary>
    private const int MinTurns = 4, MaxTurns = 1000;

    private static readonly RepositoryName Name = RepositoryName.Parse("team/app");
    private static readonly Tag[] Tags = [Tag.Parse("v1"), Tag.Parse("v2")];

    private readonly Random _random;
    private readonly int[] _weights;
    private readonly int _firstsShare;
    private readonly FakeTimeProvider _clock = new(SampleLedger.At);
    private readonly ReplicationOptions _options = new();
    private readonly SimulatedFeed _feed;
    private readonly Dictionary<Tag, long> _newest = Tags.ToDictionary(tag => tag, _ => 0L);
    private readonly Replica[] _replicas;
    private readonly List<Report> _reports = [];
    private readonly List<Read> _reads = [];
    private readonly List<(Tag Tag, long Value, Task Shown)> _writes = [];
    private readonly Dictionary<Tag, long> _shownAtHome = Tags.ToDictionary(tag => tag, _ => 0L);
    private readonly List<string> _trace = [];
    private ReadLeases _leases = null!;
    private HomeVisibility _changes = null!;
    private (IVisibleChange Change, Tag Tag, long Position)? _append;
    private readonly long _startedAt;
    private long _homeStarted, _unknownAt;

    public LinearReadsSimulation(int seed)
    {
        _random = new Random(seed);
        _startedAt = _unknownAt = _clock.GetTimestamp();

        // Each seed has steps that are frequent and steps that are rare, and a replica that gets more of the feed: rare meetings
        // differ from seed to seed.
        _weights = [.. new[] { 12, 20, 10, 22, 12, 16, 5, 1, 1, 3, 1 }.Select(weight => Math.Max(1, _random.Next(2 * weight + 2)))];
        _firstsShare = _random.Next(5, 95);
        _feed = new SimulatedFeed(_clock);
        _replicas = [new Replica(this, Us), new Replica(this, Ap)];
        StartHome();
    }

    /// <summary>
    /// How many reads were answered, by replicas alone and by the home: a simulation that answers nothing proves nothing.
    /// </summary>
    public (int Alone, int AtHome, int Acknowledged) Answered { get; private set; }

    private void NoteShown()
    {
        _feed.SetShownThroughAsync(_leases.ShownThrough(_feed.Head));
        Note($"noted that all is shown to {_feed.Record.ShownThrough}");
    }

    public async Task RunAsync(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            Step();
            await SettleAsync();
        }

        // Nothing waits for ever: once all is delivered and leases have ended, every write is acknowledged.
        await Waiting.UntilAsync("all writes are acknowledged", async () =>
        {
            _clock.Advance(_options.StalenessBound);
            await SettleAsync();
            return _writes.Count == 0;
        });
    }

    public string Trace => string.Join("\n", _trace.TakeLast(60));

    private void Step()
    {
        var replica = Pick(_replicas);
        switch (PickStep())
        {
            case 0: Append(); break;
            case 1: _replicas[_random.Next(100) < _firstsShare ? 0 : 1].Deliver(); break;
            case 2: replica.BeginReport(); break;
            case 3: AdvanceReport(); break;
            case 4: BeginRead(replica); break;
            case 5: AdvanceRead(); break;
            case 6: Advance(TimeSpan.FromMilliseconds(_random.Next(400))); break;
            case 7: Advance(TimeSpan.FromSeconds(_random.Next(1, 6))); break;
            case 8: replica.Restart(); break;
            case 9: NoteShown(); break;
            default: StartHome(); break;
        }
    }

    private int PickStep()
    {
        var at = _random.Next(_weights.Sum());
        for (var step = 0; ; at -= _weights[step++])
        {
            if (at < _weights[step]) return step;
        }
    }

    // An append is three steps: begun, on disk (and in the feed), shown to the home's readers.
    private void Append()
    {
        if (_append is not { } append)
        {
            var tag = Pick(Tags);
            var begun = _changes.BeginChangeAsync(Name, [tag.ToString()]).AsTask().GetAwaiter().GetResult()!;
            _append = (begun, tag, 0);
            Note($"begin {tag}");
        }
        else if (append.Position == 0)
        {
            var fate = _random.Next(12);
            if (fate == 0) End(isUnknown: false); // The head had moved.
            else if (fate == 1) End(isUnknown: true); // It failed, and was not appended.
            else
            {
                var position = _feed.Append(Name, append.Tag);
                Note($"append {append.Tag}={position}");
                if (fate == 2) End(isUnknown: true); // It failed, and was appended all the same.
                else _append = append with { Position = position };
            }
        }
        else
        {
            _shownAtHome[append.Tag] = append.Position;
            var position = new FeedPosition(Eu, SampleFeed.Incarnation, append.Position);
            _writes.Add((append.Tag, append.Position, append.Change.Appended(position)));
            Note($"shown at home {append.Tag}={append.Position}");
            _append = null;
        }

        void End(bool isUnknown)
        {
            foreach (var tag in Tags) _shownAtHome[tag] = _feed.ValueOf(tag); // The home forgets and reads the tables again.
            _append!.Value.Change.Failed(isUnknown);
            if (isUnknown) _unknownAt = _clock.GetTimestamp();
            Note($"failed unknown={isUnknown}");
            _append = null;
        }
    }

    private void AdvanceReport()
    {
        if (_reports.Count == 0) return;
        var report = Pick(_reports);
        if (report.Advance()) _reports.Remove(report);
    }

    private void BeginRead(Replica replica) => _reads.Add(new Read(this, _random.Next(4) == 0 ? null : replica, Pick(Tags)));

    private void AdvanceRead()
    {
        if (_reads.Count == 0) return;
        var read = Pick(_reads);
        if (read.Advance()) _reads.Remove(read);
    }

    private void Advance(TimeSpan by)
    {
        _clock.Advance(by);
        Note($"clock +{by.TotalMilliseconds}ms");
    }

    private void StartHome()
    {
        // What was under way ends with the process: writers and readers get no answer, reports none either.
        _append = null;
        _writes.Clear();
        _reads.RemoveAll(read => read.IsAtHome);
        _reports.Clear();
        foreach (var replica in _replicas ?? []) (replica.IsReporting, replica.ReportedApplied) = (false, 0);
        foreach (var tag in Tags) _shownAtHome[tag] = _feed.ValueOf(tag);
        _leases = new ReadLeases(Map(Eu), _options, _clock);
        _changes = new HomeVisibility(Map(Eu), _leases, _feed, _feed, _clock);
        _changes.ResumeAsync(default).GetAwaiter().GetResult();
        _homeStarted = _clock.GetTimestamp();
        Note("home starts");
    }

    /// <summary>Gives way to what should end by now, and records what was acknowledged.</summary>
    private async Task SettleAsync()
    {
        for (var turn = 0; turn < MinTurns || (turn < MaxTurns && _writes.Any(IsOverdue)); turn++) await Task.Yield();
        foreach (var write in _writes.ToList())
        {
            if (!write.Shown.IsCompleted) continue;
            Complete(write.Tag, write.Value);
            _writes.Remove(write);
            Answered = Answered with { Acknowledged = Answered.Acknowledged + 1 };
            Note($"acknowledged {write.Tag}={write.Value}");
        }
    }

    private bool IsOverdue((Tag Tag, long Value, Task Shown) write) => !write.Shown.IsCompleted
        && HasLongBeenKnown && _replicas.All(replica => NeedNotWaitFor(replica, write.Value));

    // A write waits for those before it of its tag, also for one of which it is not known whether it was appended.
    private bool HasLongBeenKnown => _clock.GetElapsedTime(_unknownAt) >= 3 * _options.StalenessBound;

    // Later than the code under test has to, never earlier: a report that gave no lease counts as if it had.
    private bool NeedNotWaitFor(Replica replica, long position) =>
        replica.ReportedApplied >= position || _clock.GetElapsedTime(
            Math.Max(replica.ReportedAt, _homeStarted)) >= 2 * _options.StalenessBound;

    private void Complete(Tag tag, long value) => _newest[tag] = Math.Max(_newest[tag], value);

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    private void Note(string what) => _trace.Add($"{_clock.GetElapsedTime(_startedAt).TotalMilliseconds,7} {what}");

    private sealed class Replica(LinearReadsSimulation world, RegionId id)
    {
        private readonly Dictionary<Tag, long> _values = Tags.ToDictionary(tag => tag, _ => 0L);
        private long _cursor;
        private (Tag Tag, long Position)? _prepared;

        public RegionId Id { get; } = id;

        public TailState State { get; private set; } = new(Eu, world._clock);

        public bool IsReporting { get; set; }

        public long ReportedAt { get; set; }

        public long ReportedApplied { get; set; }

        public long ValueOf(Tag tag) => _values[tag];

        // As a tail does: noted before it is applied, applied before it is told.
        public void Deliver()
        {
            if (_prepared is { } prepared)
            {
                _values[prepared.Tag] = prepared.Position;
                _cursor = prepared.Position;
                State.Applied.Advance(_cursor);
                world.Note($"{Id} applied {prepared.Tag}={_cursor}");
                _prepared = null;
            }
            else if (world._feed.Head > _cursor)
            {
                var next = (Tag: world._feed.TagAt(_cursor + 1), Position: _cursor + 1);
                State.Visibility.NoteChanges(Name, [next.Tag.ToString()], next.Position);
                _prepared = next;
            }
        }

        public void BeginReport()
        {
            if (IsReporting) return;
            IsReporting = true;
            world._reports.Add(new Report(world, this));
        }

        public void Restart()
        {
            _prepared = null;
            IsReporting = false;
            world._reads.RemoveAll(read => read.At == this);
            State = new TailState(Eu, world._clock);
            State.Begin(SampleFeed.Cursor(_cursor, default));
            world.Note($"{Id} restarts at {_cursor}");
        }
    }

    /// <summary>A report: sent, begun at the home, the head read (or not), the answer sent back; each may be late or get lost.</summary>
    private sealed class Report(LinearReadsSimulation world, Replica from)
    {
        private readonly TailState _state = from.State;
        private readonly long _askedAt = world._clock.GetTimestamp();
        private readonly DateTimeOffset _askedAtUtc = world._clock.GetUtcNow();
        private readonly long _applied = from.State.Applied.Position;
        private readonly TaskCompletionSource<long> _head = new();
        private Task<(FeedExtent Feed, TimeSpan Lease)>? _answer;
        private (long Head, TimeSpan Lease, long Shown)? _reply;
        private bool _isAbandoned;

        /// <returns>Whether it is over.</returns>
        public bool Advance()
        {
            if (!_isAbandoned && world._random.Next(10) == 0)
            {
                // The replica abandons it and may send another, while this one goes on at the home.
                _isAbandoned = true;
                if (from.State == _state) from.IsReporting = false;
            }

            if (_answer is null) Arrive();
            else if (_reply is null) return Answer();
            else return Reply();
            return false;
        }

        private void Arrive()
        {
            _answer = world._leases.ReportAsync(
                from.Id, SampleFeed.Incarnation, _applied, topology: 1,
                async () => new FeedExtent(SampleFeed.Incarnation, 0, await _head.Task));
            from.ReportedAt = world._clock.GetTimestamp();
            from.ReportedApplied = Math.Max(from.ReportedApplied, _applied);
            world.Note($"{from.Id} reports {_applied}");
        }

        private bool Answer()
        {
            if (world._random.Next(10) == 0)
            {
                _head.SetException(new IOException("The connection broke."));
                _ = _answer!.Exception;
                if (from.State == _state && !_isAbandoned) from.IsReporting = false;
                world.Note($"{from.Id} report {_applied} breaks");
                return true;
            }

            _head.SetResult(world._feed.Head);
            var (feed, lease) = _answer!.GetAwaiter().GetResult();
            var head = feed.Head;
            _reply = (head, lease, world._leases.ShownThrough(head));
            world.Note($"home answers {from.Id} head={head} lease={lease} shown={_reply.Value.Shown}");
            return false;
        }

        private bool Reply()
        {
            if (from.State != _state || _isAbandoned) return true;
            from.IsReporting = false;
            var (head, lease, shown) = _reply!.Value;
            _state.Heard(default, _askedAt, _askedAtUtc, head, lease, shown);
            world.Note($"{from.Id} heard head={head} lease={lease} shown={shown}");
            return true;
        }
    }

    /// <summary>
    /// A read: at a replica, which reads, then asks whether it may show it, else asks the home; the home reads, then
    /// waits while it spreads.
    /// </summary>
    private sealed class Read(LinearReadsSimulation world, Replica? at, Tag tag)
    {
        private readonly long _newest = world._newest[tag];
        private readonly bool _heldLease = at?.State.Visibility.HoldsLease == true;
        private long _value = at?.ValueOf(tag) ?? -1;
        private bool _isAtHome = at is null;
        private Task? _spread;

        public Replica? At => at;

        public bool IsAtHome => _isAtHome;

        /// <returns>Whether it is over.</returns>
        public bool Advance()
        {
            if (!_isAtHome)
            {
                if (_heldLease && at!.State.Visibility.MayShow(Name, tag.ToString())) return Answer(at.Id, isAlone: true);
                _isAtHome = true;
                _value = -1;
                return false;
            }

            if (_value < 0)
            {
                _value = world._shownAtHome[tag];
                return false;
            }

            _spread ??= world._changes.ShownOf(Name, tag.ToString()) ?? Task.CompletedTask;
            return _spread.IsCompleted && Answer(Eu, isAlone: false);
        }

        private bool Answer(RegionId by, bool isAlone)
        {
            world.Note($"{by} answers {tag}={_value}, alone={isAlone}, newest={_newest}");
            if (_value < _newest)
                throw new InvalidOperationException($"{by} answered {tag}={_value} after {_newest} had been acknowledged or answered.");
            world.Complete(tag, _value);
            world.Answered = isAlone
                ? world.Answered with { Alone = world.Answered.Alone + 1 } : world.Answered with { AtHome = world.Answered.AtHome + 1 };
            return true;
        }
    }
}
