using System.Text;
using GeoRegistry.Ledgers;
using GeoRegistry.Storage.Files;

namespace GeoRegistry.Storage;

/// <summary>The folder of an embedded region, held by one process at a time.</summary>
/// <remarks>
/// <code>
/// metadata.db   the metadata database (SQLite, with -wal and -shm beside it)
/// blobs/        the blob store
/// region        the id of the region whose data it is
/// lock          held while a server runs on the folder
/// </code>
/// </remarks>
public sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    /// <summary>Takes the folder, which is made where it is missing.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="region">The region that it belongs to, from the first start on.</param>
    /// <exception cref="IOException">Another process holds the folder, it is another region's, or it cannot be made.</exception>
    public DataFolder(string path, RegionId region)
    {
        FullPath = Path.GetFullPath(path);
        Posix.CreateDirectory(FullPath);
        try
        {
            _lock = new FileStream(Path.Combine(FullPath, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(Path.Combine(FullPath, "lock")))
        {
            throw new IOException($"Another server runs on the data in {FullPath}: stop it, or give this one a folder of its own with --data.", e);
        }

        try
        {
            Claim(region);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <summary>The metadata database's file.</summary>
    public string Metadata => Path.Combine(FullPath, "metadata.db");

    /// <summary>The blob store's folder.</summary>
    public string Blobs => Path.Combine(FullPath, "blobs");

    /// <summary>Lets go of the folder.</summary>
    public void Dispose() => _lock.Dispose();

    // Under another id the region's own commits would be those of another, and its feed would begin anew.
    private void Claim(RegionId region)
    {
        var file = Path.Combine(FullPath, "region");
        if (File.Exists(file))
        {
            var owner = File.ReadAllText(file).Trim();
            if (owner != region.ToString())
                throw new IOException($"The data in {FullPath} is that of region {owner}: start with --region {owner}, or give region {region} a folder of its own with --data.");
            return;
        }

        using (var draft = new FileStream(file + ".new", FileMode.Create, FileAccess.Write))
        {
            draft.Write(Encoding.UTF8.GetBytes($"{region}\n"));
            draft.Flush(flushToDisk: true);
        }

        File.Move(file + ".new", file);
        Posix.SyncDirectory(FullPath);
    }
}
