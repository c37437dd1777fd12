namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// A write failed for a reason that an operator can remove: the disk is full, or may not be written. Nothing was changed
/// by it.
/// </summary>
public sealed class StoreFaultException : IOException
{
    /// <summary>A fault of a store.</summary>
    /// <param name="fault">What is wrong.</param>
    /// <param name="message">What happened to what, for the log.</param>
    /// <param name="cause">What the system reported.</param>
    public StoreFaultException(StoreFault fault, string message, Exception cause)
        : base(message, cause) => Fault = fault;

    /// <summary>What is wrong.</summary>
    public StoreFault Fault { get; }
}
