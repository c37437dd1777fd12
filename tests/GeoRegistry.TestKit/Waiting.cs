namespace GeoRegistry.TestKit;

/// <summary>Waits for events, never for time; what does not come is named.</summary>
public static class Waiting
{
    /// <summary>Far more than any event takes, even where many tests share two cores.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Awaits an event.</summary>
    /// <param name="happening">The event.</param>
    /// <param name="name">What it is, for the message where it does not come.</param>
    public static async Task OrFail(this Task happening, string name)
    {
        try
        {
            await happening.WaitAsync(Patience);
        }
        catch (TimeoutException) when (!happening.IsCompleted)
        {
            throw new TimeoutException($"Waited {Patience.TotalSeconds} s in vain: {name}.");
        }
    }

    /// <inheritdoc cref="OrFail(Task, string)"/>
    public static async Task<T> OrFail<T>(this Task<T> happening, string name)
    {
        await OrFail((Task)happening, name);
        return await happening;
    }
}
