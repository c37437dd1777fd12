using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Asks a region for tags and manifests and records what it asked and what came of it.</summary>
/// <param name="client">The client that asks.</param>
/// <param name="history">Where it is recorded.</param>
/// <param name="mayLack">Whether content of a repository that was pushed may be out of reach at some moment since a start, in ticks of
/// <see cref="Stopwatch"/>; null for never.</param>
internal sealed class RecordingClient(RegionClient client, RunHistory history, Func<string, long, bool>? mayLack = null)
{
    public string Region => client.Region;

    /// <summary>Pushes an image's content, then its manifest under a tag or its digest.</summary>
    /// <returns>Whether the push of the manifest was acknowledged.</returns>
    public async Task<bool> PushAsync(ManifestName name, TestImage image) =>
        await TryPushContentAsync(name, image) && await PutAsync(name, image);

    /// <summary>Pushes a manifest whose content is there, under a name that must not be there.</summary>
    public Task<bool> CreateAsync(ManifestName name, TestImage image) =>
        PutAsync(name, image, headers => headers.IfAbsent(), WriteCondition.Absent);

    /// <summary>Pushes a manifest whose content is there, under a tag that must name another.</summary>
    public Task<bool> MoveAsync(ManifestName tag, string expected, TestImage image) =>
        PutAsync(tag, image, headers => headers.IfIs(expected), WriteCondition.Is, expected);

    /// <summary>Pushes an image's blobs, and the children of an index.</summary>
    /// <returns>Whether all are there.</returns>
    public async Task<bool> TryPushContentAsync(ManifestName name, TestImage image)
    {
        foreach (var child in image.Children)
        {
            if (!await PushAsync(name.ByDigest(child.Digest), child)) return false;
        }

        try
        {
            foreach (var blob in image.Blobs) await client.PushBlobAsync(name.Repository, blob);
            return true;
        }
        catch (Exception e) when (IsFailure(e))
        {
            if (e is AnswerException refusal) NoteRefusedUpload(refusal.Answer);
            return false;
        }
    }

    /// <summary>Deletes a tag, or a manifest with all its tags.</summary>
    public Task<bool> DeleteAsync(ManifestName name)
    {
        if (name.IsDigest) history.AddDeletion(name.Repository, name.Reference);
        return WriteAsync(
            headers => client.DeleteManifestAsync(name.Repository, name.Reference, headers),
            given => given.For(WriteKind.DeleteReference, name.Reference),
            Write(name, null));
    }

    /// <summary>Deletes a blob.</summary>
    /// <returns>What was answered; null where nothing was.</returns>
    public async Task<HttpStatusCode?> DeleteBlobAsync(string repository, string digest)
    {
        var start = Stopwatch.GetTimestamp();
        history.AddDeletion(repository, digest);
        var answer = await TryAskAsync(() => client.DeleteBlobAsync(repository, digest));
        if (answer?.Status == HttpStatusCode.MethodNotAllowed) NoteUser(repository, answer, start);
        return answer?.Status;
    }

    /// <summary>Asks what a name is.</summary>
    /// <returns>The answer; null where there was none.</returns>
    public async Task<Answer?> ReadAsync(ManifestName name)
    {
        var start = Stopwatch.GetTimestamp();
        var answer = await TryAskAsync(() => client.GetManifestAsync(name.Repository, name.Reference));
        if (answer?.Status == HttpStatusCode.OK && Digest.Of(answer.Body).ToString() != answer.Digest)
            history.Fault($"{Region} answers {name} with bytes that are not {answer.Digest}");
        NoteRead(name, answer, start);
        return answer;
    }

    /// <summary>As <see cref="ReadAsync"/>, without the manifest's bytes.</summary>
    public async Task<Answer?> LookAsync(ManifestName name)
    {
        var start = Stopwatch.GetTimestamp();
        var answer = await TryAskAsync(() => client.HeadManifestAsync(name.Repository, name.Reference));
        NoteRead(name, answer, start);
        return answer;
    }

    /// <summary>
    /// Pulls a manifest by its digest, and all it names: what is missing says that the manifest was not there at some moment.
    /// </summary>
    /// <returns>The first answer that is not as it should be, or the manifest's; null where there was none.</returns>
    public async Task<Answer?> PullAsync(ManifestName digest)
    {
        var start = Stopwatch.GetTimestamp();
        var manifest = await ReadAsync(digest);
        if (manifest?.Status != HttpStatusCode.OK) return manifest;
        foreach (var (named, isManifest) in RegionClient.NamedBy(manifest.Body))
        {
            var part = isManifest ? await PullAsync(digest.ByDigest(named)) : await PullBlobAsync(digest.Repository, named);
            if (part?.Status == HttpStatusCode.OK) continue;
            if (part?.Status == HttpStatusCode.NotFound) NoteRead(digest, null, start, manifest.MayBeStale || part.MayBeStale);
            return part;
        }

        return manifest;
    }

    /// <summary>What a client sees of a region that is gone or too slow.</summary>
    private static bool IsFailure(Exception e) =>
        e is HttpRequestException or IOException or OperationCanceledException or AnswerException;

    private async Task<Answer?> PullBlobAsync(string repository, string digest)
    {
        var answer = await TryAskAsync(() => client.GetBlobAsync(repository, digest));
        if (answer?.Status == HttpStatusCode.OK && Digest.Of(answer.Body).ToString() != digest)
            history.Fault($"{Region} answers {digest} of {repository} with {answer.Body.Length} bytes that have another digest");
        return answer;
    }

    // A manifest that is pushed under a tag can be pulled by its digest, too.
    private Task<bool> PutAsync(
        ManifestName name,
        TestImage image,
        Action<HttpRequestHeaders>? demand = null,
        WriteCondition condition = WriteCondition.None,
        string? expected = null)
    {
        List<NameOperation> writes = [Write(name, image.Digest) with { Condition = condition, Expected = expected }];
        if (!name.IsDigest) writes.Add(Write(name.ByDigest(image.Digest), image.Digest));
        return WriteAsync(
            headers => client.PutManifestAsync(name.Repository, name.Reference, image, headers + demand),
            given => given.For(WriteKind.PutManifest, [image.Digest, image.MediaType, .. name.IsDigest ? [] : (string[])[name.Reference]]),
            [.. writes]);
    }

    private NameOperation Write(ManifestName name, string? value) =>
        new(Region, name, NameAction.Write, value, Stopwatch.GetTimestamp(), long.MaxValue) { Outcome = Outcome.Unknown };

    /// <param name="send">Sends one request, with headers.</param>
    /// <param name="idOf">The id of its commit, by the key's.</param>
    /// <param name="writes">What it writes; the first is what it names.</param>
    private async Task<bool> WriteAsync(
        Func<Action<HttpRequestHeaders>, Task<Answer>> send, Func<WriteId, WriteId> idOf, params IReadOnlyList<NameOperation> writes)
    {
        var key = $"{Guid.NewGuid()}";
        var answer = await TryAskAsync(() => send(headers => headers.IdempotencyKey(key)));
        var (outcome, end) = (OutcomeOf(answer), Stopwatch.GetTimestamp());
        if (outcome == Outcome.Refused) NoteRefusal(writes[0], answer!);
        if (outcome == Outcome.Unknown) end = long.MaxValue;
        foreach (var write in writes) history.Add(write with { Id = idOf(WriteId.OfKey(key)), Outcome = outcome, End = end });
        return outcome == Outcome.Done;
    }

    // Without an answer it may have happened, and may still happen.
    private static Outcome OutcomeOf(Answer? answer) => answer?.Status switch
    {
        HttpStatusCode.Created or HttpStatusCode.Accepted => Outcome.Done,
        null or HttpStatusCode.TooManyRequests => Outcome.Unknown,
        >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError => Outcome.Refused,
        _ => Outcome.Unknown,
    };

    private async Task<Answer?> TryAskAsync(Func<Task<Answer>> ask)
    {
        try
        {
            var answer = await ask();
            NoteFailure(answer);
            return answer;
        }
        catch (Exception e) when (IsFailure(e))
        {
            return null;
        }
    }

    // Whatever breaks has a status of its own; this one is for faults of the server.
    private void NoteFailure(Answer answer)
    {
        if (answer.Status == HttpStatusCode.InternalServerError) history.Fault($"{answer.Request} was answered 500: {answer.Text}");
    }

    // A refusal says something too, and is wrong where that cannot be.
    private void NoteRefusal(NameOperation write, Answer answer)
    {
        var (name, start) = (write.Name, write.Start);
        switch (answer.Status)
        {
            case HttpStatusCode.NotFound when write.Value is null: // There was nothing to delete.
                NoteRead(name, null, start);
                break;
            case HttpStatusCode.NotFound when answer.Detail("digest") is { } missing
                && (history.MayBeDeleted(name.Repository, missing) || mayLack?.Invoke(name.Repository, start) == true):
                break;
            case HttpStatusCode.PreconditionFailed when !write.Allows(answer.Detail("digest")):
                NoteRead(name, answer.Detail("digest"), start);
                break;
            case HttpStatusCode.MethodNotAllowed:
                NoteUser(name.Repository, answer, start);
                break;
            case HttpStatusCode.Forbidden: // Its policy keeps the repository out of the region.
                break;
            default:
                history.Fault($"{Region} refused what nothing stood against ({write}): {answer.Request} {answer.Status} {answer.Text}");
                break;
        }
    }

    private void NoteRefusedUpload(Answer answer)
    {
        NoteFailure(answer);
        if (OutcomeOf(answer) == Outcome.Refused && answer.Status != HttpStatusCode.Forbidden)
            history.Fault($"{Region} refused an upload: {answer.Request} {answer.Status} {answer.Text}");
    }

    // What is in use is not deleted: the answer says that the manifest which uses it was there.
    private void NoteUser(string repository, Answer answer, long start)
    {
        if (answer.Detail("manifest") is { } user) NoteRead(new ManifestName(repository, user), user, start);
        else history.Fault($"{answer.Request} was answered 405 without the manifest that uses it");
    }

    private void NoteRead(ManifestName name, Answer? answer, long start)
    {
        if (answer?.Status is HttpStatusCode.OK or HttpStatusCode.NotFound) NoteRead(name, answer.Digest, start, answer.MayBeStale);
    }

    private void NoteRead(ManifestName name, string? value, long start, bool mayBeStale = false) =>
        history.Add(new NameOperation(Region, name, NameAction.Read, value, start, Stopwatch.GetTimestamp()) { MayBeStale = mayBeStale });
}
