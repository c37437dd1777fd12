using System.Reflection;

namespace GeoRegistry.TestKit.Stores;

/// <summary>The faults of one store: which calls of which methods fail, and how. Any number of its ports may share them.</summary>
public sealed class StoreFaults
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _calls = [];
    private readonly Dictionary<(string Method, int Call), InjectedFault> _planned = [];

    /// <summary>Lets the next call of a method fail, or one after it.</summary>
    /// <param name="method">The method's name: <c>nameof(ILedgerStore.AppendAsync)</c>.</param>
    /// <param name="fault">How it fails.</param>
    /// <param name="call">Which call from now on, from 1.</param>
    public void Fail(string method, InjectedFault fault, int call = 1)
    {
        lock (_lock) _planned[(method, _calls.GetValueOrDefault(method) + call)] = fault;
    }

    /// <summary>How often a method was called.</summary>
    public int CallsOf(string method)
    {
        lock (_lock) return _calls.GetValueOrDefault(method);
    }

    /// <summary>The port of a store, with these faults.</summary>
    /// <typeparam name="TPort">An interface of the store, such as <see cref="GeoRegistry.Ledgers.Stores.ILedgerStore"/>.</typeparam>
    /// <param name="store">The store.</param>
    public TPort Over<TPort>(TPort store)
        where TPort : class
    {
        var port = DispatchProxy.Create<TPort, FaultyPort>();
        ((FaultyPort)(object)port).Attach(store, this);
        return port;
    }

    internal InjectedFault? NextOf(string method)
    {
        lock (_lock)
        {
            var call = _calls[method] = _calls.GetValueOrDefault(method) + 1;
            return _planned.Remove((method, call), out var fault) ? fault : null;
        }
    }
}
