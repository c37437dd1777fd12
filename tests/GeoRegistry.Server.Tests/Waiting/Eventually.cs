namespace GeoRegistry.Server.Tests.Waiting;

/// <summary>Waits for what happens outside this process, where there is no event to await.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Asks until the answer is yes.</summary>
    /// <param name="what">What is awaited; the failure says that it never came.</param>
    /// <param name="holds">Asks once.</param>
    public static async Task HoldsAsync(string what, Func<Task<bool>> holds)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Patience) throw new TimeoutException($"This never came within {Patience}: {what}.");
            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    /// <summary>Awaits an event of this process.</summary>
    public static async Task<T> ArrivesAsync<T>(string what, Task<T> arrival)
    {
        try
        {
            return await arrival.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"This never came within {Patience}: {what}.");
        }
    }
}
