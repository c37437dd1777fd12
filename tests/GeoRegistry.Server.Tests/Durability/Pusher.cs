using System.Net;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>Sends requests and records each: before it is sent, and what was answered.</summary>
internal sealed class Pusher(HttpClient http, Workload workload, Random random)
{
    private const int StepBytes = 64 * 1024;

    /// <summary>Pushes a blob, in one request or in a session of two or three.</summary>
    public Task PushBlobAsync(string repository, SeededBlob blob) =>
        random.Next(3) == 0 ? PushWholeAsync(repository, blob) : PushInChunksAsync(repository, blob);

    public Task PutManifestAsync(Image image, string reference, IReadOnlyList<string> tags) => RecordAsync(
        image.PutWrites(tags.Distinct()),
        () => Client(image.Repository).PutManifestAsync(reference, image.Manifest, reference.Contains(':') ? tags : null),
        HttpStatusCode.Created);

    public Task DeleteTagAsync(string repository, string tag, bool isShared) => RecordAsync(
        [RegisterWrite.Tag(repository, tag, null)], () => Client(repository).DeleteManifestAsync(tag), HttpStatusCode.Accepted, isShared);

    public Task DeleteManifestAsync(Image image, IEnumerable<string> tags) => RecordAsync(
        [
            RegisterWrite.Manifest(image.Repository, $"{image.Digest}", exists: false),
            .. tags.Select(tag => RegisterWrite.Tag(image.Repository, tag, null)),
        ],
        () => Client(image.Repository).DeleteManifestAsync($"{image.Digest}"),
        HttpStatusCode.Accepted);

    public Task DeleteBlobAsync(string repository, SeededBlob blob, bool isShared) => RecordAsync(
        [RegisterWrite.Blob(repository, $"{blob.Digest}", exists: false)], () =>
            Client(repository).DeleteBlobAsync(blob.Digest), HttpStatusCode.Accepted, isShared);

    // mayBeGone: others delete the same, so that there may be nothing to delete.
    private async Task RecordAsync(RegisterWrite[] writes, Func<Task<Answer>> send, HttpStatusCode done, bool mayBeGone = false)
    {
        workload.Progress.Step();
        var operation = workload.History.Begin(writes);
        var answer = await send();
        if (answer.Status == done) workload.History.Acknowledge(operation);
        else workload.History.Refuse(operation);
        if (answer.Status != done && !(mayBeGone && answer.Status == HttpStatusCode.NotFound))
            workload.History.Fault($"{string.Join(", ", writes)}: {answer}");
        workload.Progress.Step();
    }

    private Task PushWholeAsync(string repository, SeededBlob blob) => RecordAsync(
        [RegisterWrite.Blob(repository, $"{blob.Digest}", exists: true)],
        () => Client(repository).PushBlobAsync(blob.Digest, Content(blob.ToBytes())),
        HttpStatusCode.Created);

    private async Task PushInChunksAsync(string repository, SeededBlob blob)
    {
        var bytes = blob.ToBytes().AsMemory();
        var client = Client(repository);
        var upload = new OpenUpload(repository, (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!, blob);
        workload.OpenUploads[upload.Location] = upload;
        workload.Progress.Step();
        for (var patches = random.Next(1, 3); patches > 0 && upload.SentBytes < bytes.Length; patches--)
        {
            var chunk = bytes.Slice((int)upload.SentBytes, random.Next(1, bytes.Length - (int)upload.SentBytes + 1));
            var first = upload.SentBytes;
            upload.SentBytes += chunk.Length;
            (await client.PatchAsync(upload.Location, Content(chunk), first)).Expect(HttpStatusCode.Accepted);
            upload.AcknowledgedBytes = upload.SentBytes;
            workload.Progress.Step();
        }

        var rest = bytes[(int)upload.SentBytes..];
        upload.SentBytes = bytes.Length;
        upload.IsCompleting = true;
        await RecordAsync(
            [RegisterWrite.Blob(repository, $"{blob.Digest}", exists: true)],
            () => client.CompleteAsync(upload.Location, blob.Digest, Content(rest)),
            HttpStatusCode.Created);
        workload.OpenUploads.TryRemove(upload.Location, out _);
    }

    private SteppedContent Content(ReadOnlyMemory<byte> bytes) => new(bytes, StepBytes, _ =>
    {
        workload.Progress.Step();
        return Task.CompletedTask;
    });

    private RepositoryClient Client(string repository) => new(http, repository);
}
