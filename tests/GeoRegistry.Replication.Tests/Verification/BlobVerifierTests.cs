using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Verification;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Verification;

public sealed class BlobVerifierTests
{
    [Fact]
    public async Task HashAsync_BlobThatCannotBeOpened_HashesTheOthersAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        var files = new FileBlobStore(folder.Child("blobs"));
        foreach (var blob in new[] { SampleBlob.Of("a"), SampleBlob.Of("b"), SampleBlob.Of("c") })
        {
            await using var upload = await files.BeginUploadAsync(blob.Digest.Hex[..8].ToString());
            await upload.AppendAsync(blob.Content);
            await upload.CommitAsync(blob.Digest);
        }

        var map = new RegionMap(Eu, Of(Eu));
        await using var store = new SqliteMetadataStore(folder.Child("metadata.db"), Eu);
        var progress = new VerificationProgress(map);
        var faulty = new FaultyBlobStore(files).FailAt(StoreCall.Open, () => new IOException("Permission denied"), last: 1);
        var verifier = new BlobVerifier(
            map, new VerifyingBlobStore(faulty), store, store, store, store, null!, new TailStates(map, TimeProvider.System), progress,
            NullLogger<BlobVerifier>.Instance);

        var failure = await Assert.ThrowsAsync<IOException>(
            () => verifier.HashAsync(new Pace(1, long.MaxValue, TimeProvider.System), counts: true, CancellationToken.None));

        Assert.Contains("1 blobs could not be verified, the first: Permission denied", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, progress.Read().Blobs);
    }
}
