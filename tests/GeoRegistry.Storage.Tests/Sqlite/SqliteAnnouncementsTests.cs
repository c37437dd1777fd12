using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

public sealed class SqliteAnnouncementsTests : AnnouncementsContract
{
    /// <summary>What the home has taken once it does not take again: a later upload must not look like an earlier one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LinkBlobAsync_ClockIsSetBack_TheHomeStillHearsOfTheUpload(bool restarts)
    {
        using var folder = new TemporaryFolder();
        var (repository, clock, us) = (RepositoryName.Parse("library/sample"), new SettableClock(), RegionId.Parse("us"));
        await using var home = new SqliteStoreFixture();
        var region = new SqliteMetadataStore(folder.Child("metadata.db"), us, clock);
        await UploadAsync("first");
        clock.Now -= TimeSpan.FromHours(1);
        if (restarts)
        {
            await region.DisposeAsync();
            region = new SqliteMetadataStore(folder.Child("metadata.db"), us, clock);
        }

        await UploadAsync("second");

        await region.DisposeAsync();
        foreach (var text in new[] { "first", "second" })
            Assert.NotNull(await home.Tables.FindBlobAsync(repository, SampleBlob.Of(text).Digest));

        async Task UploadAsync(string text)
        {
            var blob = SampleBlob.Of(text);
            var announcement = (await region.LinkBlobAsync(repository, blob.Digest, blob.SizeBytes, announce: true))!;
            await region.ConfirmAnnouncementAsync(announcement, await home.Announcements.TakeAnnouncementAsync(us, announcement));
        }
    }

    protected override Task<MetadataStoreFixture> OpenAsync() => Task.FromResult<MetadataStoreFixture>(new SqliteStoreFixture());

    private sealed class SettableClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(55);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
