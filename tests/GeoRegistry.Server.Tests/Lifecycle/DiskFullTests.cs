using System.Net;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.Server.Tests.Durability;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Lifecycle;

/// <summary>A full disk: pushes fail whole, reads go on, and all works again once there is space.</summary>
public sealed class DiskFullTests
{
    private const int DiskMiB = 24;

    [Fact]
    public async Task Push_WhenTheDiskIsFull_FailsWholeWhileReadsGoOnAndWorksAfterSpaceIsFreed()
    {
        using var disk = new SmallDisk(DiskMiB);
        await using var server = await RegistryProcess.StartAsync(disk.Path);
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        var before = new SeededBlob(1, 1024 * 1024);
        await client.PushBlobAsync(before.ToBytes());
        var image = ImageManifest.Of("before", (before.Digest, before.SizeBytes));
        (await client.PutManifestAsync("before", image)).Expect(HttpStatusCode.Created);
        var session = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;

        disk.Fill();
        var blob = new SeededBlob(2, 1024 * 1024);
        AssertFailed(await client.PushBlobAsync(blob.Digest, new ByteArrayContent(blob.ToBytes())));
        AssertFailed(await client.PatchAsync(session, new ByteArrayContent(blob.ToBytes()), 0));
        var large = ImageManifest.Of(new string('x', 2 * 1024 * 1024), (before.Digest, before.SizeBytes));
        AssertFailed(await client.PutManifestAsync("after", large));

        (await client.GetBlobAsync(blob.Digest)).Expect(HttpStatusCode.NotFound);
        (await client.GetManifestAsync("after")).Expect(HttpStatusCode.NotFound);
        Assert.Equal(before.ToBytes(), (await client.GetBlobAsync(before.Digest)).Expect(HttpStatusCode.OK).Body);
        Assert.Equal(image, (await client.GetManifestAsync("before")).Expect(HttpStatusCode.OK).Body);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz/ready/pull")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("healthz/ready/push")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz/live")).StatusCode);

        disk.Free();
        await Waiting.UntilAsync(
            "the server is ready for pushes again",
            async () => (await http.GetAsync("healthz/ready/push")).StatusCode == HttpStatusCode.OK);
        await client.PushBlobAsync(blob.ToBytes());
        (await client.PutManifestAsync("after", large)).Expect(HttpStatusCode.Created);
        Assert.Equal(blob.ToBytes(), (await client.GetBlobAsync(blob.Digest)).Expect(HttpStatusCode.OK).Body);
        Assert.Equal(large, (await client.GetManifestAsync("after")).Expect(HttpStatusCode.OK).Body);
        (await client.UploadStatusAsync(session)).Expect(HttpStatusCode.NoContent);
        Assert.Equal(0, await server.StopAsync());
        Assert.Equal(2, new BlobFiles(disk.Path).AssertWhole());
        Assert.Equal(2, await StoreAudit.AssertWholeAsync(disk.Path));
    }

    [Fact]
    public async Task Push_LargerThanTheDisk_GivesItsBytesBackAndSmallPushesGoOn()
    {
        using var disk = new SmallDisk(DiskMiB);
        await using var server = await RegistryProcess.StartAsync(disk.Path);
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        var large = new byte[(DiskMiB + 1) * 1024 * 1024];
        var session = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;

        AssertFailed(await client.PatchAsync(session, new ByteArrayContent(large), 0));
        AssertFailed(await client.CompleteAsync(session, Digest.Of(large), new ByteArrayContent(large)));
        AssertFailed(await client.PushBlobAsync(Digest.Of(large), new ByteArrayContent(large)));

        var left = Assert.Single(new DirectoryInfo(Path.Combine(disk.Path, "blobs", "uploads")).GetFiles());
        Assert.Equal(0, left.Length);
        await client.PushBlobAsync(new SeededBlob(3, 1024 * 1024).ToBytes());
    }

    /// <summary>The bytes fit and the row that makes them the repository's does not: the push is refused all the same.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Push_WhoseBytesFitAndWhoseLinkDoesNot_GivesItsBytesBack(bool isSession)
    {
        const int blobBytes = 256 * 1024;
        using var disk = new SmallDisk(DiskMiB);
        await using var server = await RegistryProcess.StartAsync(disk.Path);
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        var blob = new SeededBlob(4, blobBytes);
        var session = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
        disk.Fill();
        using (var filler = File.OpenHandle(Path.Combine(disk.Path, "filler"), FileMode.Open, FileAccess.Write))
            RandomAccess.SetLength(filler, RandomAccess.GetLength(filler) - blobBytes);

        AssertFailed(isSession
            ? await client.CompleteAsync(session, blob.Digest, new ByteArrayContent(blob.ToBytes()))
            : await client.PushBlobAsync(blob.Digest, new ByteArrayContent(blob.ToBytes())));

        Assert.Equal(blobBytes, new DriveInfo(disk.Path).AvailableFreeSpace);
    }

    private static void AssertFailed(Answer answer)
    {
        answer.Expect(HttpStatusCode.InsufficientStorage);
        Assert.Equal("UNAVAILABLE", answer.ErrorCode);
        Assert.Equal("The disk of region local is full: it refuses pushes until space is freed.",
            answer.FirstError.GetProperty("message").GetString());
    }
}
