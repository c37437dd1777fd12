namespace GeoRegistry.Ledgers.Blobs;

/// <summary>An upload in a list of all.</summary>
/// <param name="Key">Its name.</param>
/// <param name="AppendedAt">When it was begun or last appended to, by the store's clock.</param>
public readonly record struct StoredUpload(string Key, DateTimeOffset AppendedAt);
