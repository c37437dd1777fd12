namespace GeoRegistry.TestKit;

/// <summary>A new folder on disk that goes with its holder.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private const string MemoryFolder = "/dev/shm";

    /// <summary>Makes the folder.</summary>
    /// <param name="inMemory">Whether it may be in memory where the system has a place for that: for tests that open stores hundreds of
    /// times, and would wait for the disk nearly all of their time.</param>
    public TemporaryFolder(bool inMemory = false) => Path = inMemory && Directory.Exists(MemoryFolder)
        ? Directory.CreateDirectory(System.IO.Path.Combine(MemoryFolder, $"georegistry-test-{Guid.NewGuid():n}")).FullName
        : Directory.CreateTempSubdirectory("georegistry-test-").FullName;

    public string Path { get; }

    public string Child(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // A test may have deleted it itself.
        }
    }
}
