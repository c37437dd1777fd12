namespace GeoRegistry.Ledgers.Stores;

/// <summary>A store that can say whether it works.</summary>
public interface IStoreHealth
{
    /// <summary>The store's name in health answers, such as <c>metadata</c> or <c>blobs</c>.</summary>
    string StoreName { get; }

    /// <summary>Tries what requests need of the store. Returns when it works.</summary>
    /// <exception cref="Exception">It does not; the message says why.</exception>
    Task CheckAsync(CancellationToken cancellation = default);
}
