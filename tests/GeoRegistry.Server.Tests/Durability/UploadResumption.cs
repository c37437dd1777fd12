using System.Globalization;
using System.Net;
using GeoRegistry.Server.Tests.Clients;
using Xunit.Sdk;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>Goes on with the uploads that a kill interrupted, as a client would.</summary>
internal sealed class UploadResumption(HttpClient http, Workload workload)
{
    /// <summary>Resumes and completes all of them.</summary>
    /// <returns>How many were resumed; the others had been completed in the moment of the kill.</returns>
    public async Task<int> ResumeAllAsync()
    {
        var resumed = 0;
        foreach (var upload in workload.OpenUploads.Values)
        {
            if (await ResumeAsync(upload)) resumed++;
        }

        workload.OpenUploads.Clear();
        return resumed;
    }

    private async Task<bool> ResumeAsync(OpenUpload upload)
    {
        var client = new RepositoryClient(http, upload.Repository);
        var status = await client.UploadStatusAsync(upload.Location);
        var isThere = status.Status == HttpStatusCode.NoContent;
        if (!isThere && !(status.Status == HttpStatusCode.NotFound && upload.IsCompleting))
            throw new XunitException(
                $"The upload {upload.Location} with {upload.AcknowledgedBytes} acknowledged bytes was lost: {status}");

        var operation = workload.History.Begin(RegisterWrite.Blob(upload.Repository, $"{upload.Blob.Digest}", exists: true));
        if (isThere) await CompleteAsync(client, upload, SizeOf(status));
        else (await client.PushBlobAsync(upload.Blob.Digest, new ByteArrayContent(upload.Blob.ToBytes()))).Expect(HttpStatusCode.Created);
        workload.History.Acknowledge(operation);
        Assert.Equal(upload.Blob.ToBytes(), (await client.GetBlobAsync(upload.Blob.Digest)).Expect(HttpStatusCode.OK).Body);
        return isThere;
    }

    private static async Task CompleteAsync(RepositoryClient client, OpenUpload upload, long sizeBytes)
    {
        var least = upload.AcknowledgedBytes == 1 ? 0 : upload.AcknowledgedBytes;
        Assert.InRange(sizeBytes, least, upload.SentBytes);
        var rest = upload.Blob.ToBytes()[(int)sizeBytes..];
        if (rest.Length > 0)
        {
            var answer = await client.PatchAsync(upload.Location, new ByteArrayContent(rest), sizeBytes);
            if (sizeBytes == 0 && answer.Status == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                // The range 0-0 is said of an upload without bytes and of one with one byte; the error says which.
                Assert.Equal("1", answer.FirstError.GetProperty("detail").GetProperty("offset").GetString());
                if (rest.Length > 1)
                    (await client.PatchAsync(upload.Location, new ByteArrayContent(rest[1..]), 1)).Expect(HttpStatusCode.Accepted);
            }
            else
            {
                answer.Expect(HttpStatusCode.Accepted);
            }
        }

        (await client.CompleteAsync(upload.Location, upload.Blob.Digest)).Expect(HttpStatusCode.Created);
    }

    /// <summary>The bytes that a session has by its Range header; 0 for <c>0-0</c>.</summary>
    private static long SizeOf(Answer status)
    {
        var last = long.Parse(status.Range!.Split('-')[1], CultureInfo.InvariantCulture);
        return last == 0 ? 0 : last + 1;
    }
}
