namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// A store did not answer, or answered that it cannot serve now: it may be reached again soon. Whether a write was done is not known.
/// </summary>
public sealed class StoreUnavailableException : IOException
{
    /// <summary>A store that is away.</summary>
    /// <param name="message">Which store, what happened, and what to do, for the log.</param>
    /// <param name="cause">What the client of the store reported; null where it was not asked.</param>
    public StoreUnavailableException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
