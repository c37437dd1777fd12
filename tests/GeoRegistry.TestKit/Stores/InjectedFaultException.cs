namespace GeoRegistry.TestKit.Stores;

/// <summary>What a faulty store answers in place of a call that failed.</summary>
/// <param name="method">The method.</param>
/// <param name="fault">How it failed.</param>
public sealed class InjectedFaultException(string method, InjectedFault fault) : IOException(
    $"The store's {method} failed on purpose: {fault}.");
