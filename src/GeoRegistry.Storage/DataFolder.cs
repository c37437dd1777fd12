using System.Text;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.Files;

namespace GeoRegistry.Storage;

/// <summary>The folder of an embedded region, held by one process at a time.</summary>
/// <remarks>
/// <code>
/// metadata.db   the metadata database (SQLite, with -wal and -shm beside it)
/// blobs/        the blob store
/// spool/        what passes through on its way between regions; emptied at every start
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
        try
        {
            Posix.CreateDirectory(FullPath);
            _lock = Hold();
        }
        catch (Exception e) when (StoreFaults.Of(e) is { } fault)
        {
            throw Unusable(fault, e);
        }

        try
        {
            Claim(region);
            Spool = new SpoolFolder(Path.Combine(FullPath, "spool"));
        }
        catch (Exception e)
        {
            _lock.Dispose();
            if (StoreFaults.Of(e) is { } fault) throw Unusable(fault, e);
            throw;
        }
    }

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <summary>The metadata database's file.</summary>
    public string Metadata => Path.Combine(FullPath, "metadata.db");

    /// <summary>The blob store's folder.</summary>
    public string Blobs => Path.Combine(FullPath, "blobs");

    /// <summary>The folder of spool files, empty at first.</summary>
    public SpoolFolder Spool { get; }

    /// <summary>Frees the folder for another server.</summary>
    public void Dispose() => _lock.Dispose();

    private FileStream Hold()
    {
        var file = Path.Combine(FullPath, "lock");
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (StoreFaults.Of(e) is null && File.Exists(file))
        {
            throw new IOException(
                $"Another server runs on the data in {FullPath}: stop it, or give this one a folder of its own with --data.", e);
        }
    }

    private StoreFaultException Unusable(StoreFault fault, Exception cause) => new(
        fault,
        fault switch
        {
            StoreFault.ReadOnly =>
                $"The data folder {FullPath} is on a read-only file system: make it writable, or name another folder with --data.",
            StoreFault.Full => $"The disk of the data folder {FullPath} is full: free space on it, or name another folder with --data.",
            _ => $"The user {Environment.UserName} may not write the data folder {FullPath}: give that user permission, "
                + $"or name another folder with --data. {cause.Message}",
        },
        cause);

    // Under another id the region's own commits would be those of another, and its feed would begin again.
    private void Claim(RegionId region)
    {
        var file = Path.Combine(FullPath, "region");
        if (File.Exists(file))
        {
            var owner = File.ReadAllText(file).Trim();
            if (owner != region.ToString())
                throw new IOException(
                    $"The data in {FullPath} is that of region {owner}: start with --region {owner}, "
                        + $"or give region {region} a folder of its own with --data.");
            return;
        }

        using (var draft = new FileStream(file + ".new", FileMode.Create, FileAccess.Write))
        {
            draft.Write(Encoding.UTF8.GetBytes($"{region}\n"));
            draft.Flush(flushToDisk: true);
        }

        File.Move(file + ".new", file);
        DirectorySync.Sync(FullPath);
    }
}
