using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor.Health;

/// <summary>
/// One thing that a store must be able to do, tried whenever somebody asks: one try at a time, which all who ask
/// meanwhile share.
/// </summary>
/// <remarks>So a disk that hangs costs one thread, and not one for each health check.</remarks>
/// <param name="store">The store's name.</param>
/// <param name="ability">What it must be able to do: <c>read</c> or <c>write</c>.</param>
/// <param name="tryIt">Tries it, and throws where the store cannot.</param>
/// <param name="clock">The time by which a caller stops waiting.</param>
/// <param name="logger">Where it is logged when the store can no longer do it, and when it can again.</param>
internal sealed partial class StoreCheck(string store, string ability, Func<CancellationToken, Task> tryIt,
    TimeProvider clock, ILogger logger)
{
    public const string Ok = "ok";

    /// <summary>How long a store may take where the answer depends on it; a balancer that asks should wait longer.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>How long it may take where its outcome is only reported: within the second that orchestrators wait by default.</summary>
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromMilliseconds(500);

    private readonly Lock _change = new();
    private Task<string> _trying = Task.FromResult(Ok);
    private string _said = Ok;

    public string Store => store;

    /// <summary>Tries it.</summary>
    /// <param name="decides">Whether the answer depends on it, and not only reports it.</param>
    /// <param name="cancellation">Ends the wait, not the try, which others may wait for.</param>
    /// <returns><see cref="Ok"/>, or why the store cannot.</returns>
    public async Task<string> RunAsync(bool decides, CancellationToken cancellation)
    {
        var timeout = decides ? Timeout : ReportTimeout;
        Task<string> trying;
        lock (_change)
        {
            if (_trying.IsCompleted) _trying = Task.Run(TryAsync, CancellationToken.None);
            trying = _trying;
        }

        try
        {
            return Say(await trying.WaitAsync(timeout, clock, cancellation).ConfigureAwait(false));
        }
        catch (TimeoutException)
        {
            var fault = $"it did not answer within {timeout.TotalSeconds} s";
            return decides ? Say(fault) : fault;
        }
    }

    private async Task<string> TryAsync()
    {
        try
        {
            await tryIt(CancellationToken.None).ConfigureAwait(false);
            return Ok;
        }
        catch (Exception failure)
        {
            return failure.Message;
        }
    }

    // Once for each change, however often it is asked.
    private string Say(string outcome)
    {
        lock (_change)
        {
            if (outcome == _said) return outcome;
            _said = outcome;
        }

        if (outcome == Ok) LogWorks(store, ability);
        else LogFails(store, ability, outcome);
        return outcome;
    }

    [LoggerMessage(1, LogLevel.Error, "The {Store} store cannot {Ability}: {Fault}")]
    private partial void LogFails(string store, string ability, string fault);

    [LoggerMessage(2, LogLevel.Information, "The {Store} store can {Ability} again")]
    private partial void LogWorks(string store, string ability);
}
