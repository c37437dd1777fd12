namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>A row that a transaction may change: what it was when it was read, and what it is to be. Null is no row.</summary>
internal sealed class Slot<T>(T? before)
    where T : class
{
    /// <summary>What it was.</summary>
    public T? Before { get; } = before;

    /// <summary>What it is to be.</summary>
    public T? Now { get; set; } = before;

    /// <summary>Whether it is to be written.</summary>
    public bool IsChanged => !ReferenceEquals(Before, Now);
}
