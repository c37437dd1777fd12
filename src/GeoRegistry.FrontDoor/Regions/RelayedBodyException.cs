namespace GeoRegistry.FrontDoor.Regions;

/// <summary>
/// The body of a client's request could not be read while it was relayed: the fault of the client or its connection, not
/// of the other region.
/// </summary>
/// <param name="reason">What reading the body threw.</param>
/// <remarks>No <see cref="IOException"/>: the HTTP client would take it for one of the connection to the region.</remarks>
internal sealed class RelayedBodyException(Exception reason) : Exception(reason.Message, reason);
