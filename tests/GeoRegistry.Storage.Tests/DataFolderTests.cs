using GeoRegistry.TestKit;

namespace GeoRegistry.Storage.Tests;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Constructor_FolderIsMissing_IsMade()
    {
        using var data = new DataFolder(_folder.Child("new/data"));

        Assert.True(Directory.Exists(data.FullPath));
        Assert.Equal(Path.Combine(data.FullPath, "metadata.db"), data.Metadata);
        Assert.Equal(Path.Combine(data.FullPath, "blobs"), data.Blobs);
    }

    [Fact]
    public void Constructor_FolderIsHeld_IsRefusedWithTheWayOut()
    {
        using var holder = new DataFolder(_folder.Path);

        var refusal = Assert.Throws<IOException>(() => new DataFolder(_folder.Path));

        Assert.Equal($"Another server runs on the data in {_folder.Path}: stop it, or give this one a folder of its own with --data.", refusal.Message);
    }

    [Fact]
    public void Dispose_FolderWasHeld_IsFreeAgain()
    {
        new DataFolder(_folder.Path).Dispose();

        using var next = new DataFolder(_folder.Path);

        Assert.Equal(_folder.Path, next.FullPath);
    }

    public void Dispose() => _folder.Dispose();
}
