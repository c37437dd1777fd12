using System.Net;
using System.Net.Http.Headers;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>
/// A client that repeats a request whose answer it did not get, or that was answered 5xx, as it was; and checks at each answer what
/// it says.
/// </summary>
/// <param name="regions">The regions.</param>
/// <param name="through">The one that it talks to.</param>
/// <param name="restarts">Whether that region restarts before a request is repeated.</param>
internal sealed class RepeatingClient(InProcessRegions regions, string through, bool restarts)
{
    /// <summary>One exchange or call fails in each run, and what that leaves unsaid may fail another request.</summary>
    private const int MaxAttempts = 4;

    /// <summary>The key of its write.</summary>
    public string Key { get; } = $"{Guid.NewGuid()}";

    /// <summary>How many requests were sent that change the repository.</summary>
    public int Writes { get; private set; }

    /// <summary>The answers that did not tell what became of a request.</summary>
    public List<Answer> Failures { get; } = [];

    private RegionClient Client => regions.ClientOf(through);

    /// <summary>Sends a write until it was answered, and once more if it was answered at once.</summary>
    /// <param name="send">Sends it with these headers, and goes away when it is told to.</param>
    /// <param name="status">What it is to be answered.</param>
    /// <param name="betweenAttempts">What another client does after the first attempt.</param>
    /// <returns>The answer.</returns>
    public async Task<Answer> WriteAsync(
        Func<RegionClient, Action<HttpRequestHeaders>, CancellationToken, Task<Answer>> send,
        HttpStatusCode status,
        Func<Task> betweenAttempts)
    {
        var answers = new List<Answer>();
        for (var attempt = 1; attempt <= MaxAttempts && answers.Count < 2; attempt++)
        {
            Writes++;
            using var aborting = regions.StoreCalls.Cancelling = new CancellationTokenSource();
            var answer = await TryAsync(() => send(Client, AddHeaders, aborting.Token));
            if (answer is not null) answers.Add(answer.Expect(status));
            else await RestartAsync();
            if (attempt == 1) await betweenAttempts();
        }

        Assert.Equal(2, answers.Count);
        Assert.Equal(answers[0].Receipt, answers[1].Receipt);
        return answers[0];
    }

    /// <summary>Sends a request until it was answered.</summary>
    public async Task<Answer> SendAsync(Func<RegionClient, Task<Answer>> send)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            if (await TryAsync(() => send(Client)) is { } answer) return answer;
            await RestartAsync();
        }

        throw new InvalidOperationException($"The request failed {MaxAttempts} times.");
    }

    /// <summary>The one commit of the write.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="kind">What was asked.</param>
    /// <param name="names">What it was asked of.</param>
    public async Task<Commit> FindCommitAsync(string repository, WriteKind kind, params IReadOnlyList<string> names)
    {
        var entries = await regions["eu"].Metadata.ReadFeedAsync(
            new FeedPosition(RegionId.Parse("eu"), default, 0), int.MaxValue);
        return Assert.Single(
            entries.Where(entry => entry.Ledger == LedgerId.Of(RepositoryName.Parse(repository)))
                .Select(entry => CommitCodec.Decode(entry.Encoded)),
            commit => commit.Write == WriteId.OfKey(Key).For(kind, names));
    }

    private Task RestartAsync() => restarts ? regions.RestartAsync(through) : Task.CompletedTask;

    private void AddHeaders(HttpRequestHeaders headers)
    {
        headers.Add("Idempotency-Key", Key);
        headers.Add(CountedRequests.Header, "1");
        headers.Durability("all");
    }

    // Null where it is not known what became of the request.
    private async Task<Answer?> TryAsync(Func<Task<Answer>> send)
    {
        try
        {
            var answer = await send();
            if ((int)answer.Status < 500) return answer;
            Failures.Add(answer);
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
