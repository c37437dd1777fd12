namespace GeoRegistry.TestKit;

/// <summary>Waits for events, never for time; what does not come is named.</summary>
public static class Waiting
{
    /// <summary>Far more than any event takes, even where many tests share two cores.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Awaits an event.</summary>
    /// <param name="happening">The event.</param>
    /// <param name="name">What it is, for the message where it does not come.</param>
    public static async Task OrFail(this Task happening, string name)
    {
        try
        {
            await happening.WaitAsync(DefaultTimeout);
        }
        catch (TimeoutException) when (!happening.IsCompleted)
        {
            throw NeverCame(name, DefaultTimeout);
        }
    }

    /// <inheritdoc cref="OrFail(Task, string)"/>
    public static async Task<T> OrFail<T>(this Task<T> happening, string name)
    {
        await OrFail((Task)happening, name);
        return await happening;
    }

    /// <summary>Asks until there is an answer: for what happens in another process, which tells nobody of it.</summary>
    /// <param name="name">What is awaited, for the message where it does not come.</param>
    /// <param name="ask">Asks once; null is no answer yet.</param>
    /// <param name="timeout">How long it may take at most; null for <see cref="DefaultTimeout"/>.</param>
    public static async Task<T> UntilAsync<T>(string name, Func<Task<T?>> ask, TimeSpan? timeout = null)
        where T : class
    {
        var began = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(PollInterval);
        while (TimeProvider.System.GetElapsedTime(began) < (timeout ?? DefaultTimeout))
        {
            if (await ask() is { } answer) return answer;
            await timer.WaitForNextTickAsync();
        }

        throw NeverCame(name, timeout ?? DefaultTimeout);
    }

    /// <summary>Asks until the answer is yes; as <see cref="UntilAsync{T}"/>.</summary>
    public static Task UntilAsync(string name, Func<Task<bool>> holds, TimeSpan? timeout = null) =>
        UntilAsync(name, async () => await holds() ? "yes" : null, timeout);

    internal static TimeoutException NeverCame(string name, TimeSpan timeout) =>
        new($"Did not happen within {timeout.TotalSeconds} s: {name}.");
}
