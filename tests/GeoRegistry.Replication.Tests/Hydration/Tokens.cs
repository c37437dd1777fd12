namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>Waits for tokens.</summary>
internal static class Tokens
{
    /// <summary>Ends when the token is cancelled.</summary>
    public static async Task Ended(this CancellationToken token)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = token.Register(ended.SetResult);
        await ended.Task;
    }
}
