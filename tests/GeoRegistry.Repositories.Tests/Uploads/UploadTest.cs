using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Uploads;

namespace GeoRegistry.Repositories.Tests.Uploads;

/// <summary>What tests of uploads share: a region, one process on it, and short forms of requests.</summary>
public abstract class UploadTest : IAsyncLifetime
{
    private protected static readonly RepositoryName Name = TestProcess.Name;

    private protected UploadTest() => Process = Region.Start();

    private protected TestRegion Region { get; } = new();

    private protected TestProcess Process { get; private set; }

    private protected UploadSessions Uploads => Process.Uploads;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Region.DisposeAsync();
    }

    /// <summary>Another process takes over, which knows of no session.</summary>
    private protected void Restart() => Process = Region.Start();

    private protected async Task<UploadId> BeginAsync(DigestAlgorithm algorithm = DigestAlgorithm.Sha256) =>
        await Uploads.BeginAsync(Name, algorithm) ?? throw new InvalidOperationException("Too many uploads are open.");

    private protected Task<UploadOutcome> AppendAsync(
        UploadId id, byte[] content, (long First, long Last)? range = null, long? lengthBytes = null) =>
        Uploads.AppendAsync(Name, id, new UploadChunk(new MemoryStream(content), range, lengthBytes));

    private protected Task<UploadOutcome> CompleteAsync(
        UploadId id, Digest digest, byte[]? content = null, (long First, long Last)? range = null) =>
        Uploads.CompleteAsync(Name, id, new UploadChunk(new MemoryStream(content ?? []), range, null), digest);

    /// <summary>How many bytes the session has.</summary>
    private protected async Task<long> SizeAsync(UploadId id) =>
        Assert.IsType<UploadOutcome.Open>(await Uploads.StatusAsync(Name, id)).SizeBytes;

    private protected async Task<byte[]> ReadBlobAsync(Digest digest)
    {
        await using var reader = await Region.Blobs.OpenAsync(digest)
            ?? throw new InvalidOperationException($"The blob {digest} is not there.");
        var content = new byte[reader.SizeBytes];
        await using var range = await reader.OpenRangeAsync(0, content.Length);
        await range.ReadExactlyAsync(content);
        return content;
    }

    private protected static RegistryError Refused(UploadOutcome outcome) => Assert.IsType<UploadOutcome.Refused>(outcome).Error;

    private protected static void AssertUnknown(UploadOutcome outcome)
    {
        var error = Refused(outcome);
        Assert.Equal((ErrorCode.BlobUploadUnknown, 404), (error.Code, error.Status));
    }
}
