using GeoRegistry.TestKit;
using System.Globalization;

namespace GeoRegistry.FrontDoor.Tests.Uploading;

[Endpoint("end-5", "end-6", "end-13")]
public sealed class InterruptedUploadTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const int Size = 400_000;

    private readonly Blob _blob = Blob.Random(Size);

    [Theory]
    [InlineData("PATCH", false)]
    [InlineData("PATCH", true)]
    [InlineData("PUT", false)]
    [InlineData("PUT", true)]
    [Clause("Resumable Push", Promise, "The build server responds by only sending the remaining data to complete the blob transfer")]
    public async Task PatchOrPut_BrokenOff_LeavesNoBlobAndASessionThatCanBeResumed(string method, bool lengthUnknown)
    {
        var repository = NewRepository();
        var session = await repository.StartUploadAsync();
        await BreakOffAsync(method, method == "PUT" ? session.WithQuery($"digest={_blob.Digest}") : session.Location, lengthUnknown);
        (await repository.HeadBlobAsync(_blob.Digest)).Expect(404);

        await Waiting.UntilAsync("A session that takes the rest", () => ResumeAsync(session));
        (await session.CloseAsync(_blob.Digest)).Expect(201);
        Assert.Equal(_blob.Bytes, (await repository.GetBlobAsync(_blob.Digest)).Expect(200).Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Endpoint("end-4b")]
    [Clause("Single POST", Must, "The Content-Length header MUST match the blob's actual content length")]
    public async Task Post_BrokenOff_LeavesNoBlob(bool lengthUnknown)
    {
        var repository = NewRepository();
        // What was sent is whole by itself, so a registry that ignores the missing rest would store it.
        var sent = Blob.DigestOf(_blob.Bytes.AsSpan(0, Size / 2));
        await BreakOffAsync("POST", repository.Path($"blobs/uploads/?digest={sent}"), lengthUnknown);
        (await repository.HeadBlobAsync(sent)).Expect(404);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Clause("GeoRegistry: uploads", Promise, "A PUT that broke off can be repeated as it was")]
    public async Task Put_AgainAsItWasAfterItBrokeOff_Is201(bool lengthUnknown)
    {
        var repository = NewRepository();
        var session = await repository.StartUploadAsync();
        await BreakOffAsync("PUT", session.WithQuery($"digest={_blob.Digest}"), lengthUnknown);

        (await session.CloseAsync(_blob.Digest, _blob.Bytes)).Expect(201);

        Assert.Equal(_blob.Bytes, (await repository.GetBlobAsync(_blob.Digest)).Expect(200).Body);
    }

    private async Task BreakOffAsync(string method, string target, bool lengthUnknown)
    {
        await using var connection = await Registry.ConnectAsync();
        await connection.WriteAsync(Request(method, target, lengthUnknown ? "Transfer-Encoding: chunked" : $"Content-Length: {Size}"));
        if (lengthUnknown) await connection.WriteAsync($"{Size:x}\r\n");
        await connection.WriteAsync(_blob.Bytes[..(Size / 2)]);
        await connection.HangUpAsync();
    }

    // The session's answer once it has taken what it lacks, or null while the server still notices that the client went.
    private async Task<Answer?> ResumeAsync(UploadSession session)
    {
        var status = await session.StatusAsync();
        if (status.Status != 204) return null;
        var last = int.Parse(status["Range"]!.Split('-')[1], CultureInfo.InvariantCulture);
        var received = last == 0 ? 0 : last + 1;
        Assert.InRange(received, 0, Size / 2);
        var answer = await session.PatchAsync(_blob.Bytes[received..], $"{received}-{Size - 1}");
        return answer.Status == 202 ? answer : null;
    }

    private string Request(string method, string target, string framing) =>
        $"{method} {target} HTTP/1.1\r\nHost: {Registry.Address.Authority}\r\nContent-Type: {Body.OctetStream}\r\n{framing}\r\n\r\n";
}
