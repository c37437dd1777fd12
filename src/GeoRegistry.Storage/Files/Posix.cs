using System.Runtime.InteropServices;
using GeoRegistry.Ledgers.Stores;
using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Storage.Files;

/// <summary>The system calls for durable files that .NET does not offer.</summary>
internal static partial class Posix
{
    private const uint StartWriting = 2; // SYNC_FILE_RANGE_WRITE

    // Flags of open(2), the same on all processors that .NET runs on; and the mode that files are made with, less the umask.
    private const int ReadWrite = 0x2, CreateNew = 0xC0 /* O_CREAT | O_EXCL */, CloseOnExec = 0x80000, NewFileMode = 0x1B6 /* 0666 */;

    private const int NotPermitted = 1, NoEntry = 2, Interrupted = 4, AccessDenied = 13;

    /// <summary>Opens a file as <see cref="File.OpenHandle"/> does, which fails in the same ways.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode"><see cref="FileMode.Open"/> or <see cref="FileMode.CreateNew"/>.</param>
    /// <param name="access">Reading, or reading and writing.</param>
    /// <remarks>
    /// .NET locks every file that it opens, against other processes that ask for it: five system calls more for each small blob
    /// that is pulled, and for each request of a push. Nobody asks here: one process has the data folder.
    /// </remarks>
    public static SafeFileHandle OpenFile(string path, FileMode mode, FileAccess access)
    {
        if (!OperatingSystem.IsLinux()) return File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete);
        var flags = CloseOnExec | (access == FileAccess.Read ? 0 : ReadWrite) | (mode == FileMode.CreateNew ? CreateNew : 0);
        int descriptor;
        do descriptor = Open(path, flags, NewFileMode);
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw NotOpened(path, Marshal.GetLastPInvokeError());
    }

    /// <summary>Makes a directory and those above it where they are missing, and puts their entries on disk.</summary>
    /// <remarks>
    /// The entry of the lowest one that exists is put on disk too: whoever made it may have been killed before it did that.
    /// A directory that may not be read is skipped: it is an administrator's, who made the entry in it.
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

    private static Exception NotOpened(string path, int error)
    {
        var message = $"Could not open {path}: {Marshal.GetPInvokeErrorMessage(error)}";
        return error switch
        {
            NoEntry when Directory.Exists(Path.GetDirectoryName(path)) => new FileNotFoundException(message, path),
            NoEntry => new DirectoryNotFoundException(message),
            NotPermitted or AccessDenied => new UnauthorizedAccessException(message),
            _ => new IOException(message, error),
        };
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);
}
