using System.Reflection;

namespace GeoRegistry.TestKit.Stores;

/// <summary>The faults of a region's stores: which calls fail, and how. Any number of ports and stores may share them.</summary>
public sealed class StoreFaults
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _calls = [];
    private readonly Dictionary<StoreStep, InjectedFault> _planned = [];
    private readonly List<StoreStep> _steps = [];
    private TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a call has failed as planned, or was made with its token cancelled.</summary>
    public Task Met => _met.Task;

    /// <summary>Whether a call is, or was, to fail.</summary>
    public bool HasFault { get; private set; }

    /// <summary>
    /// What a call cancels that is to be <see cref="InjectedFault.Cancelled"/>; the call then does what the store does with a
    /// cancelled token. Null lets such a call throw and do nothing.
    /// </summary>
    public CancellationTokenSource? Cancelling { get; set; }

    /// <summary>Whether calls pass uncounted and without a fault: while a test looks at what there is.</summary>
    public bool ArePaused { get; set; }

    /// <summary>Which calls are counted and may fail, asked at each call; null for all.</summary>
    public Func<bool>? Counts { get; init; }

    /// <summary>Calls that are made again until something is so, as often as it takes: only the first of them is a step.</summary>
    public IReadOnlyCollection<string> Polls { get; init; } = [];

    /// <summary>All calls so far, in their order.</summary>
    public IReadOnlyList<StoreStep> Steps
    {
        get
        {
            lock (_lock) return [.. _steps];
        }
    }

    /// <summary>Lets the next call of a method fail, or one after it.</summary>
    /// <param name="method">The method's name: <c>nameof(ILedgerStore.AppendAsync)</c>.</param>
    /// <param name="fault">How it fails.</param>
    /// <param name="call">Which call from now on, from 1.</param>
    public void Fail(string method, InjectedFault fault, int call = 1)
    {
        lock (_lock) _planned[new StoreStep(method, _calls.GetValueOrDefault(method) + call)] = fault;
        HasFault = true;
    }

    /// <summary>Forgets all calls and plans, for stores that outlive a test's run.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _calls.Clear();
            _planned.Clear();
            _steps.Clear();
            _met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        HasFault = false;
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

    /// <summary>Counts a call that is about to be made.</summary>
    /// <returns>How it is to fail; null where it is to be made as it is.</returns>
    public InjectedFault? NextOf(string method)
    {
        if (ArePaused || Counts?.Invoke() == false) return null;
        InjectedFault fault;
        lock (_lock)
        {
            var step = new StoreStep(method, _calls[method] = _calls.GetValueOrDefault(method) + 1);
            if (step.Number == 1 || !Polls.Contains(method)) _steps.Add(step);
            if (!_planned.Remove(step, out fault)) return null;
        }

        _met.TrySetResult();
        if (fault != InjectedFault.Cancelled || Cancelling is not { } cancelling) return fault;
        cancelling.Cancel();
        return null;
    }

    /// <summary>What a call throws that fails.</summary>
    internal static Exception FailureOf(string method, InjectedFault fault) =>
        fault == InjectedFault.Cancelled ? new OperationCanceledException() : new InjectedFaultException(method, fault);
}
