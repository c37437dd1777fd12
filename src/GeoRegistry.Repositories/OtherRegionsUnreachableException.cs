namespace GeoRegistry.Repositories;

/// <summary>Some regions could not be reached that may have what was asked for.</summary>
/// <param name="message">What was asked for, and of whom.</param>
public sealed class OtherRegionsUnreachableException(string message) : IOException(message);
