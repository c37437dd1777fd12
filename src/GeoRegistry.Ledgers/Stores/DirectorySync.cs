using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>Puts a directory's entries on disk, which .NET does not offer, for stores that keep files.</summary>
public static partial class DirectorySync
{
    private const int ReadOnly = 0x80000; // O_RDONLY | O_CLOEXEC on Linux, whatever the processor
    private const int AccessDenied = 13; // EACCES

    /// <summary>Puts a directory's entries on disk: a file created in or renamed to it is found again after a power cut.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="mayBeDenied">Whether a directory that may not be read is skipped.</param>
    /// <exception cref="IOException">The system reports a failure; what was meant to be durable may not be.</exception>
    public static void Sync(string path, bool mayBeDenied = false)
    {
        if (!OperatingSystem.IsLinux()) return; // Windows has no such call; macOS orders renames by itself.
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0 && mayBeDenied && Marshal.GetLastPInvokeError() == AccessDenied) return;
        if (descriptor < 0) throw Failure($"open directory {path}");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Fsync(handle) != 0) throw Failure($"fsync directory {path}");
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
}
