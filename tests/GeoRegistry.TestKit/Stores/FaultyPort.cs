using System.Reflection;
using System.Runtime.ExceptionServices;

namespace GeoRegistry.TestKit.Stores;

/// <summary>A port of a store some of whose calls fail. Made by <see cref="StoreFaults.Over{TPort}"/>.</summary>
/// <remarks>It passes on whatever the port has, so that a port may change without it.</remarks>
public class FaultyPort : DispatchProxy
{
    private static readonly MethodInfo LoseMethod = typeof(FaultyPort).GetMethod(
        nameof(LoseAsync), BindingFlags.NonPublic | BindingFlags.Static)!;

    private object _store = null!;
    private StoreFaults _faults = null!;

    internal void Attach(object store, StoreFaults faults) => (_store, _faults) = (store, faults);

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var method = targetMethod!;
        if (_faults.NextOf(method.Name) is not { } fault) return Call(method, args);
        var failure = StoreFaults.FailureOf(method.Name, fault);
        var done = fault == InjectedFault.AnswerLost ? CompletionOf(Call(method, args)) : Task.CompletedTask;
        return FailedResult(method.ReturnType, done, failure) ?? throw failure;
    }

    private object? Call(MethodInfo method, object?[]? args)
    {
        try
        {
            return method.Invoke(_store, args);
        }
        catch (TargetInvocationException e) when (e.InnerException is { } cause)
        {
            ExceptionDispatchInfo.Throw(cause);
            throw;
        }
    }

    private static Task CompletionOf(object? result) => result switch
    {
        Task task => task,
        ValueTask task => task.AsTask(),
        not null when Generic(result.GetType()) == typeof(ValueTask<>) =>
            (Task)result.GetType().GetMethod(nameof(ValueTask<int>.AsTask))!.Invoke(result, null)!,
        _ => Task.CompletedTask,
    };

    // The failure in the form of what the method returns; null where it returns no task and must throw.
    private static object? FailedResult(Type type, Task done, Exception failure)
    {
        if (type == typeof(Task)) return LoseAsync<bool>(done, failure);
        if (type == typeof(ValueTask)) return new ValueTask(LoseAsync<bool>(done, failure));
        if (Generic(type) != typeof(Task<>) && Generic(type) != typeof(ValueTask<>)) return null;
        var task = LoseMethod.MakeGenericMethod(type.GetGenericArguments()).Invoke(null, [done, failure])!;
        return Generic(type) == typeof(Task<>) ? task : Activator.CreateInstance(type, task);
    }

    private static Type? Generic(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : null;

    private static async Task<T> LoseAsync<T>(Task done, Exception failure)
    {
        await done.ConfigureAwait(false);
        throw failure;
    }
}
