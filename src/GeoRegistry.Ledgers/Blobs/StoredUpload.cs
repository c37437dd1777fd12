namespace GeoRegistry.Ledgers.Blobs;

/// <summary>An upload in a list of all.</summary>
/// <param name="Key">Its name.</param>
/// <param name="AppendedAt">When it was begun, last appended to, or last resumed where the store cannot tell these apart; by the
/// store's clock.</param>
public readonly record struct StoredUpload(string Key, DateTimeOffset AppendedAt);
