using System.Diagnostics;
using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Protocol;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Asks a region for tags and records what it asked and what came of it.</summary>
internal sealed class RecordingClient(RegionClient client, RunHistory history)
{
    public string Region => client.Region;

    /// <summary>Pushes an image's content, then its manifest under a tag.</summary>
    /// <returns>Whether the push of the tag was acknowledged.</returns>
    public async Task<bool> PushAsync(TagName tag, TestImage image)
    {
        try
        {
            foreach (var blob in image.Blobs) await client.PushBlobAsync(tag.Repository, blob);
        }
        catch (Exception e) when (IsFailure(e))
        {
            return false;
        }

        return await WriteAsync(tag, image.Digest, () => client.PutManifestAsync(tag.Repository, tag.Tag, image));
    }

    /// <summary>Pushes a manifest whose content is there, under a tag that must not be there.</summary>
    public Task<bool> CreateAsync(TagName tag, TestImage image) =>
        WriteAsync(tag, image.Digest, () => client.PutManifestAsync(tag.Repository, tag.Tag, image, headers => headers.IfAbsent()), WriteCondition.Absent);

    /// <summary>Pushes a manifest whose content is there, under a tag that must name another.</summary>
    public Task<bool> MoveAsync(TagName tag, string expected, TestImage image) =>
        WriteAsync(tag, image.Digest, () => client.PutManifestAsync(tag.Repository, tag.Tag, image, headers => headers.IfIs(expected)), WriteCondition.Is, expected);

    /// <summary>Deletes a tag.</summary>
    public Task<bool> DeleteAsync(TagName tag) => WriteAsync(tag, null, () => client.DeleteManifestAsync(tag.Repository, tag.Tag));

    /// <summary>Asks what a tag names.</summary>
    /// <returns>The answer; null where there was none.</returns>
    public async Task<Answer?> ReadAsync(TagName tag)
    {
        var start = Stopwatch.GetTimestamp();
        Answer answer;
        try
        {
            answer = await client.GetManifestAsync(tag.Repository, tag.Tag);
        }
        catch (Exception e) when (IsFailure(e))
        {
            return null;
        }

        if (answer.Status is not (HttpStatusCode.OK or HttpStatusCode.NotFound)) return answer;
        if (answer.Status == HttpStatusCode.OK && Digest.Of(answer.Body).ToString() != answer.Digest)
            history.Fault($"{Region} answers {tag} with bytes that are not {answer.Digest}");
        var value = answer.Status == HttpStatusCode.OK ? answer.Digest : null;
        history.Add(new TagOperation(Region, tag, TagAction.Read, value, start, Stopwatch.GetTimestamp()) { MayBeStale = answer.MayBeStale });
        return answer;
    }

    /// <summary>What a client sees of a region that is gone or too slow.</summary>
    public static bool IsFailure(Exception e) => e is HttpRequestException or IOException or OperationCanceledException or AnswerException;

    private async Task<bool> WriteAsync(
        TagName tag, string? value, Func<Task<Answer>> send, WriteCondition condition = WriteCondition.None, string? expected = null)
    {
        var operation = new TagOperation(Region, tag, TagAction.Write, value, Stopwatch.GetTimestamp(), long.MaxValue)
        {
            Outcome = Outcome.Unknown,
            Condition = condition,
            Expected = expected,
        };
        try
        {
            var answer = await send();
            var ended = operation with { End = Stopwatch.GetTimestamp() };
            operation = answer.Status switch
            {
                HttpStatusCode.Created or HttpStatusCode.Accepted => ended with { Outcome = Outcome.Done },
                // There was nothing to delete.
                HttpStatusCode.NotFound when value is null => ended with { Outcome = Outcome.Done, Action = TagAction.Read },
                HttpStatusCode.TooManyRequests => operation,
                >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError => ended with { Outcome = Outcome.Refused },
                _ => operation,
            };
        }
        catch (Exception e) when (IsFailure(e))
        {
            // It may have happened, and may still happen.
        }

        history.Add(operation);
        return operation is { Outcome: Outcome.Done, Action: TagAction.Write };
    }
}
