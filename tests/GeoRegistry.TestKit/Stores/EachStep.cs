using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.TestKit.Stores;

/// <summary>Lets an operation fail at each of its calls to the stores in turn.</summary>
public static class EachStep
{
    /// <summary>The ways in which a request fails, each with whether the process restarts before the request is sent again.</summary>
    public static TheoryData<InjectedFault, bool> WaysOfRequests => WaysTo(cancel: (InjectedFault.Cancelled, false));

    /// <summary>The ways in which fails what runs for as long as its process: it is cancelled only where that ends.</summary>
    public static TheoryData<InjectedFault, bool> WaysOfServices => WaysTo(cancel: (InjectedFault.Cancelled, true));

    /// <summary>Runs an operation once without a fault, then once for each call that it made, which fails.</summary>
    /// <param name="fault">How calls fail.</param>
    /// <param name="run">
    /// Does all on stores of its own: prepares, runs the operation with ports that have these faults, lets it go on after the failure,
    /// and checks what must hold in between and at the end. It may return only once the fault was met.
    /// </param>
    /// <param name="output">Where the steps are named.</param>
    /// <param name="including">Calls that must be among the steps: what the operation is about.</param>
    public static Task FailAsync(
        InjectedFault fault, Func<StoreFaults, Task> run, ITestOutputHelper output, params IReadOnlyList<string> including) =>
        FailAsync(() => new StoreFaults(), fault, run, output, including);

    /// <summary>As the other, with stores that outlive a run: each run must keep to a part of them that is its own.</summary>
    /// <param name="shared">The faults of the stores.</param>
    /// <param name="fault">How calls fail.</param>
    /// <param name="run">The operation, as in the other.</param>
    /// <param name="output">Where the steps are named.</param>
    /// <param name="including">Calls that must be among the steps.</param>
    public static Task FailAsync(
        StoreFaults shared, InjectedFault fault, Func<Task> run, ITestOutputHelper output, params IReadOnlyList<string> including)
    {
        return FailAsync(Cleared, fault, _ => run(), output, including);

        StoreFaults Cleared()
        {
            shared.Clear();
            return shared;
        }
    }

    private static async Task FailAsync(
        Func<StoreFaults> begin,
        InjectedFault fault,
        Func<StoreFaults, Task> run,
        ITestOutputHelper output,
        IReadOnlyList<string> including)
    {
        // Twice: what only one run did, chance did, such as a blob that was looked for again before it was taken out of the queue.
        var first = await ListStepsAsync(begin(), run);
        var second = await ListStepsAsync(begin(), run);
        var steps = first.Where(second.Contains).ToList();
        output.WriteLine($"{steps.Count} steps: {string.Join(", ", steps)}");
        Assert.NotEmpty(steps);
        Assert.All(including, call => Assert.True(steps.Any(step => step.Call == call), $"The operation makes no call {call}."));
        foreach (var step in steps)
        {
            var faults = begin();
            faults.Fail(step.Call, fault, step.Number);
            try
            {
                await run(faults);
                Assert.True(faults.Met.IsCompleted, "The step was not met.");
            }
            catch (Exception failure)
            {
                throw new XunitException($"{fault} at {step}: {failure.Message}", failure);
            }
        }
    }

    private static async Task<IReadOnlyList<StoreStep>> ListStepsAsync(StoreFaults faults, Func<StoreFaults, Task> run)
    {
        await run(faults);
        return [.. faults.Steps];
    }

    private static TheoryData<InjectedFault, bool> WaysTo((InjectedFault Fault, bool Restarts) cancel) => new()
    {
        { InjectedFault.NotRun, false },
        { InjectedFault.NotRun, true },
        { InjectedFault.AnswerLost, false },
        { InjectedFault.AnswerLost, true },
        { cancel.Fault, cancel.Restarts },
    };
}
