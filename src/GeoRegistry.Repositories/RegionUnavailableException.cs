namespace GeoRegistry.Repositories;

/// <summary>
/// This region cannot do now what was asked: its store fails, or as much is under way as it allows. The request may be
/// sent again soon.
/// </summary>
/// <param name="message">What could not be done and why.</param>
public sealed class RegionUnavailableException(string message) : IOException(message);
