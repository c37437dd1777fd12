namespace GeoRegistry.Regions.Control;

/// <summary>The control store did not answer, or refused to; the message says who of it did what, and what to do.</summary>
/// <remarks>Where something was to be written, it may have been: whoever repeats that reads first.</remarks>
/// <param name="message">What failed and why.</param>
/// <param name="inner">The last failure.</param>
public sealed class ControlStoreUnavailableException(string message, Exception? inner = null) : IOException(message, inner);
