namespace GeoRegistry.Ledgers.Stores;

/// <summary>A store that can say whether it works.</summary>
/// <remarks>Reading and writing are asked for separately: a store whose disk is full or read-only still serves pulls.</remarks>
public interface IStoreHealth
{
    /// <summary>The store's name in health answers, such as <c>metadata</c> or <c>blobs</c>.</summary>
    string StoreName { get; }

    /// <summary>Tries what a pull needs of the store, and writes nothing. Returns when it works.</summary>
    /// <exception cref="Exception">It does not; the message says why.</exception>
    Task CheckReadAsync(CancellationToken cancellation = default);

    /// <summary>Tries what a push needs of the store beside reading, by a write that changes nothing. Returns when it works.</summary>
    /// <exception cref="Exception">It does not; the message says why.</exception>
    Task CheckWriteAsync(CancellationToken cancellation = default);
}
