using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Files;

/// <summary>A folder of spool files. What a process that was killed left in it is deleted when the next one opens it.</summary>
public sealed class SpoolFolder : ISpoolFolder
{
    /// <summary>Opens the folder, empty.</summary>
    public SpoolFolder(string path)
    {
        FullPath = path;
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        Directory.CreateDirectory(path);
    }

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <inheritdoc/>
    public ISpoolFile Create() => new SpoolFile(Path.Combine(FullPath, $"{Guid.NewGuid():n}"));

    private sealed class SpoolFile : ISpoolFile
    {
        /// <summary>How much is read at a time: what is read of a file, entry after entry, is small.</summary>
        private const int ReadBufferBytes = 64 * 1024;

        private readonly string _path;

        public SpoolFile(string path)
        {
            _path = path;
            OpenWrite().Dispose();
        }

        public Stream OpenWrite()
        {
            try
            {
                return new SpoolStream(new FileStream(_path, FileMode.Create, FileAccess.Write, FileShare.Read), _path);
            }
            catch (Exception e)
            {
                throw StoreFaults.Translate(e, _path);
            }
        }

        public Stream OpenRead() => new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, ReadBufferBytes);

        public void Dispose() => File.Delete(_path);
    }
}
