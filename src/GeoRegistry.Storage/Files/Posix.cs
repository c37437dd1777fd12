using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Storage.Files;

/// <summary>The system calls for durable files that .NET does not offer.</summary>
internal static partial class Posix
{
    private const int ReadOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY on Linux
    private const uint StartWriting = 2; // SYNC_FILE_RANGE_WRITE

    /// <summary>Puts a directory's entries on disk: a file created in or renamed to it is found again after a power cut.</summary>
    /// <exception cref="IOException">The system reports a failure; what was meant to be durable may not be.</exception>
    public static void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsLinux()) return; // Windows has no such call; macOS orders renames by itself.
        var descriptor = Open(path, ReadOnlyDirectory);
        if (descriptor < 0) throw Failure($"open directory {path}");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Fsync(handle) != 0) throw Failure($"fsync directory {path}");
    }

    /// <summary>Starts writing a range to disk without waiting, so that the fsync at the end has less to do. Best effort.</summary>
    public static void StartWriteback(SafeFileHandle file, long offset, long length)
    {
        if (OperatingSystem.IsLinux()) _ = SyncFileRange(file, offset, length, StartWriting);
    }

    private static IOException Failure(string what)
    {
        var cause = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"Could not {what}: {cause.Message}", cause) { HResult = cause.NativeErrorCode }; // As .NET's own have it.
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);
}
