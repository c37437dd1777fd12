namespace GeoRegistry.Server.Tests.Durability;

internal enum OperationOutcome
{
    /// <summary>Without an answer: it may have happened or not.</summary>
    InFlight,
    Acknowledged,
    Refused,
}

/// <summary>A request to write, when it began and when its answer came.</summary>
internal sealed class RecordedOperation(IReadOnlyList<RegisterWrite> writes, long began)
{
    public IReadOnlyList<RegisterWrite> Writes => writes;

    public long Began => began;

    public long Ended { get; private set; } = long.MaxValue;

    public OperationOutcome Outcome { get; private set; }

    public string? ValueFor(Register register) => writes.First(write => write.Register == register).Value;

    public void End(long time, OperationOutcome outcome) => (Ended, Outcome) = (time, outcome);
}
