namespace GeoRegistry.TestKit;

/// <summary>A new folder on disk that goes with its holder.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("georegistry-test-").FullName;

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
