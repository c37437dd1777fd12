using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.Repositories.Writes;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Writes;

/// <summary>
/// A client that sends a request which failed once more as it was, goes on with an upload where it stopped, and begins one again
/// that is unknown.
/// </summary>
/// <param name="region">The region.</param>
/// <param name="faults">The faults of its stores.</param>
/// <param name="restarts">Whether the region's process ends where a request fails, and another answers from then on.</param>
/// <param name="check">What is checked after each attempt.</param>
internal sealed class RetryingClient(TestRegion region, StoreFaults faults, bool restarts, Func<TestProcess, Task> check)
{
    /// <summary>How many requests one upload may take: each that fails is followed by one that tells where to go on.</summary>
    private const int MaxRequests = 8;

    /// <summary>How often a request is sent at most: the stores fail once, and a request may be repeated though it was answered.</summary>
    private const int MaxAttempts = 3;

    /// <summary>The process that answers.</summary>
    public TestProcess Process { get; private set; } = region.Start(faults);

    /// <summary>Uploads a blob in two parts.</summary>
    public async Task UploadAsync(SampleBlob blob)
    {
        for (var session = 1; session <= 2; session++)
        {
            var id = await SendAsync((process, token) => process.Uploads.BeginAsync(TestProcess.Name, DigestAlgorithm.Sha256, token));
            if (await TryUploadAsync(id!.Value, blob)) return;
        }

        Assert.Fail("The upload was unknown twice, and the stores failed once.");
    }

    public Task<WriteOutcome> PutAsync(Manifest manifest, string tag, WriteId id, Func<TestProcess, Task>? betweenAttempts = null) =>
        SendAsync(
            (process, token) => process.Repository.PutManifestAsync(
                new PutManifest(manifest, [Tag.Parse(tag)], Precondition.None, new WriteOrigin("tests", Id: id)), token),
            betweenAttempts);

    public Task<WriteOutcome> DeleteAsync(Digest digest, WriteId id, Func<TestProcess, Task>? betweenAttempts = null) =>
        SendAsync(
            (process, token) => process.Repository.DeleteAsync(
                new DeleteReference(Reference.To(digest), Precondition.None, new WriteOrigin("tests", Id: id)), token),
            betweenAttempts);

    private async Task<bool> TryUploadAsync(UploadId id, SampleBlob blob)
    {
        var (sent, half) = (0, blob.Content.Length / 2);
        for (var request = 1; request <= MaxRequests; request++)
        {
            var (from, isLast) = (sent, sent >= half);
            var outcome = await SendAsync((process, token) => isLast
                ? process.Uploads.CompleteAsync(TestProcess.Name, id, Chunk(blob, from, blob.Content.Length), blob.Digest, token)
                : process.Uploads.AppendAsync(TestProcess.Name, id, Chunk(blob, from, half), token));
            switch (outcome)
            {
                case UploadOutcome.Completed:
                    return true;
                case UploadOutcome.Refused { Error.Code: var code } when code == ErrorCode.BlobUploadUnknown:
                    return false;
                case UploadOutcome.Open(var size):
                    sent = (int)size;
                    break;
                case UploadOutcome.Refused { Error.Status: 416, SizeBytes: { } size }:
                    sent = (int)size;
                    break;
                default:
                    Assert.Fail($"The upload was answered with {outcome}.");
                    break;
            }
        }

        Assert.Fail($"The upload took more than {MaxRequests} requests.");
        return false;
    }

    private static UploadChunk Chunk(SampleBlob blob, int from, int end) =>
        new(new MemoryStream(blob.Content, from, end - from), from < end ? (from, end - 1) : null, end - from);

    /// <param name="send">Sends the request to a process.</param>
    /// <param name="betweenAttempts">What another does after the first attempt, which is then repeated though it was answered; null to
    /// repeat only what failed.</param>
    private async Task<T> SendAsync<T>(Func<TestProcess, CancellationToken, Task<T>> send, Func<TestProcess, Task>? betweenAttempts = null)
    {
        var answers = new List<T>();
        for (var attempt = 1; attempt <= MaxAttempts && answers.Count < (betweenAttempts is null ? 1 : 2); attempt++)
        {
            using var aborting = faults.Cancelling = new CancellationTokenSource();
            try
            {
                answers.Add(await send(Process, aborting.Token));
            }
            catch (Exception e) when (e is InjectedFaultException || (e is OperationCanceledException && aborting.IsCancellationRequested))
            {
                if (restarts) Process = region.Start(faults);
            }

            await PausedAsync(check);
            if (attempt == 1 && betweenAttempts is not null) await PausedAsync(betweenAttempts);
        }

        Assert.NotEmpty(answers);
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        return answers[0];
    }

    private async Task PausedAsync(Func<TestProcess, Task> act)
    {
        faults.ArePaused = true;
        await act(Process);
        faults.ArePaused = false;
    }
}
