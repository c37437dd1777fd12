using System.Diagnostics;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>Waits that end: each names what did not come.</summary>
internal static class Soon
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    public static async Task<T> Within<T>(Task<T> task, string what)
    {
        try
        {
            return await task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{what} did not come within {Patience.TotalSeconds} s.");
        }
    }

    /// <summary>Asks again until the answer is one, for what the server does after a client has gone and tells nobody of.</summary>
    public static async Task<T> Until<T>(Func<Task<T?>> ask, string what) where T : class
    {
        var asked = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(PollInterval);
        while (asked.Elapsed < Patience)
        {
            if (await ask() is { } answer) return answer;
            await timer.WaitForNextTickAsync();
        }

        throw new TimeoutException($"{what} did not come within {Patience.TotalSeconds} s.");
    }
}
