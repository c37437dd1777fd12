using System.Runtime.InteropServices;
using GeoRegistry.Ledgers.Stores;
using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Storage.Files;

/// <summary>The system calls for durable files that .NET does not offer.</summary>
internal static partial class Posix
{
    private const uint StartWriting = 2; // SYNC_FILE_RANGE_WRITE

    /// <summary>Makes a directory and those above it where they are missing, and puts their entries on disk.</summary>
    /// <remarks>
    /// The entry of the lowest one that exists is put on disk too: whoever made it may have been killed before it did that.
    /// A directory that may not be read is passed over: it is an administrator's, who made the entry in it.
    /// </remarks>
    public static void CreateDirectory(string path)
    {
        if (Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path)) is not { } parent) return;
        if (!Directory.Exists(path))
        {
            CreateDirectory(parent);
            Directory.CreateDirectory(path);
        }

        DirectorySync.Sync(parent, mayBeDenied: true);
    }

    /// <summary>Starts writing a range to disk without waiting, so that the fsync at the end has less to do. Best effort.</summary>
    public static void StartWriteback(SafeFileHandle file, long offset, long length)
    {
        if (OperatingSystem.IsLinux()) _ = SyncFileRange(file, offset, length, StartWriting);
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);
}
