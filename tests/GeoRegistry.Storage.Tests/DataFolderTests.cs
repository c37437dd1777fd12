using GeoRegistry.Ledgers;
using GeoRegistry.TestKit;

namespace GeoRegistry.Storage.Tests;

public sealed class DataFolderTests : IDisposable
{
    private static readonly RegionId Eu = RegionId.Parse("eu");

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Constructor_FolderIsMissing_IsMade()
    {
        using var data = new DataFolder(_folder.Child("new/data"), Eu);

        Assert.True(Directory.Exists(data.FullPath));
        Assert.Equal(Path.Combine(data.FullPath, "metadata.db"), data.Metadata);
        Assert.Equal(Path.Combine(data.FullPath, "blobs"), data.Blobs);
    }

    [Fact]
    public void Constructor_FolderIsHeld_IsRefusedWithTheRemedy()
    {
        using var holder = new DataFolder(_folder.Path, Eu);

        var refusal = Assert.Throws<IOException>(() => new DataFolder(_folder.Path, Eu));

        Assert.Equal($"Another server runs on the data in {_folder.Path}: stop it, or give this one a folder of its own with --data.",
            refusal.Message);
    }

    [Fact]
    public void Dispose_FolderWasHeld_IsFreeAgain()
    {
        new DataFolder(_folder.Path, Eu).Dispose();

        using var next = new DataFolder(_folder.Path, Eu);

        Assert.Equal(_folder.Path, next.FullPath);
    }

    [Fact]
    public void Constructor_FolderOfAnotherRegion_IsRefusedWithTheRemedy()
    {
        new DataFolder(_folder.Path, Eu).Dispose();

        var refusal = Assert.Throws<IOException>(() => new DataFolder(_folder.Path, RegionId.Parse("us")));

        Assert.Equal(
            $"The data in {_folder.Path} is that of region eu: start with --region eu, or give region us a folder of its own with --data.",
            refusal.Message);
        new DataFolder(_folder.Path, Eu).Dispose();
    }

    [Fact]
    public void Spool_FilesOfAProcessThatWasKilled_AreGoneAtTheNextStart()
    {
        using (var killed = new DataFolder(_folder.Path, Eu))
        {
            using var stream = killed.Spool.Create().OpenWrite(); // Never disposed of.
            stream.Write(new byte[1000]);
        }

        using var next = new DataFolder(_folder.Path, Eu);

        Assert.Empty(Directory.GetFiles(Path.Combine(_folder.Path, "spool")));
    }

    [Fact]
    public void Spool_File_IsReadAsWrittenAndGoesWhenDisposed()
    {
        using var data = new DataFolder(_folder.Path, Eu);
        using (var spool = data.Spool.Create())
        {
            using (var writing = spool.OpenWrite()) writing.Write("content"u8);
            using var first = new StreamReader(spool.OpenRead());
            using var second = new StreamReader(spool.OpenRead());
            Assert.Equal(("content", "content"), (first.ReadToEnd(), second.ReadToEnd()));
            Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "spool")));
        }

        Assert.Empty(Directory.GetFiles(Path.Combine(_folder.Path, "spool")));
    }

    public void Dispose() => _folder.Dispose();
}
