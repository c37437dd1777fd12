namespace GeoRegistry.Server.Tests.Durability;

/// <summary>
/// Records what writers asked for and what was acknowledged between two kills, and so what values are possible after the second.
/// </summary>
/// <remarks>
/// Each register must be linearizable: a value is possible if no other write was acknowledged that began after it was
/// acknowledged. A write without an answer may have happened or not; one that was refused did not.
/// </remarks>
internal sealed class History
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Register, string?> _settled = [];
    private readonly Dictionary<Register, List<RecordedOperation>> _open = [];
    private readonly List<RecordedOperation> _operations = [];
    private readonly List<string> _faults = [];
    private long _time;

    public long AcknowledgedCount { get; private set; }

    /// <summary>Answers that no writer may get.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_lock) return [.. _faults];
        }
    }

    /// <summary>Every register there was so far.</summary>
    public IReadOnlyList<Register> Registers
    {
        get
        {
            lock (_lock) return [.. _settled.Keys.Union(_open.Keys)];
        }
    }

    /// <summary>Those that were written since the last check after a kill.</summary>
    public IReadOnlyList<Register> Touched
    {
        get
        {
            lock (_lock) return [.. _open.Keys];
        }
    }

    public void Fault(string what)
    {
        lock (_lock) _faults.Add(what);
    }

    /// <summary>Records that a request is about to be sent.</summary>
    public RecordedOperation Begin(params RegisterWrite[] writes)
    {
        lock (_lock)
        {
            var operation = new RecordedOperation(writes, ++_time);
            _operations.Add(operation);
            foreach (var write in writes)
            {
                if (!_open.TryGetValue(write.Register, out var operations)) _open[write.Register] = operations = [];
                operations.Add(operation);
            }

            return operation;
        }
    }

    public void Acknowledge(RecordedOperation operation)
    {
        lock (_lock)
        {
            operation.End(++_time, OperationOutcome.Acknowledged);
            AcknowledgedCount++;
        }
    }

    public void Refuse(RecordedOperation operation)
    {
        lock (_lock) operation.End(++_time, OperationOutcome.Refused);
    }

    /// <summary>The value at the last check.</summary>
    public string? Settled(Register register)
    {
        lock (_lock) return _settled.GetValueOrDefault(register);
    }

    /// <summary>The values that are possible now that nothing is under way.</summary>
    public IReadOnlyCollection<string?> Possible(Register register)
    {
        lock (_lock)
        {
            var operations = _open.GetValueOrDefault(register, [])
                .Where(operation => operation.Outcome != OperationOutcome.Refused)
                .ToList();
            var acknowledged = operations.Where(operation => operation.Outcome == OperationOutcome.Acknowledged).ToList();
            var lastBegan = acknowledged.Count == 0 ? 0 : acknowledged.Max(operation => operation.Began);
            var values = operations
                .Where(operation => operation.Ended > lastBegan)
                .Select(operation => operation.ValueFor(register))
                .ToHashSet();
            if (acknowledged.Count == 0) values.Add(_settled.GetValueOrDefault(register));
            return values;
        }
    }

    /// <summary>Requests without an answer that happened in part: some of what they alone wrote is there and some is not.</summary>
    /// <param name="observed">The value that is there.</param>
    public IReadOnlyList<string> FindTorn(IReadOnlyDictionary<Register, string?> observed)
    {
        lock (_lock)
        {
            return
            [
                .. from operation in _operations
                   where operation.Outcome == OperationOutcome.InFlight
                   let alone = operation.Writes
                       .Where(write => _open[write.Register].Count == 1 && _settled.GetValueOrDefault(write.Register) != write.Value)
                       .ToList()
                   let done = alone.Count(write => observed[write.Register] == write.Value)
                   where done != 0 && done != alone.Count
                   select $"{done} of {alone.Count} happened: {string.Join(", ", alone)}",
            ];
        }
    }

    /// <summary>Takes what was observed as the value that is there, and begins again.</summary>
    public void Settle(IReadOnlyDictionary<Register, string?> observed)
    {
        lock (_lock)
        {
            foreach (var (register, value) in observed) _settled[register] = value;
            _open.Clear();
            _operations.Clear();
        }
    }
}
