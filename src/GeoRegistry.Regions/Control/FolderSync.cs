using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Regions.Control;

/// <summary>Puts a folder's entries on disk, which .NET does not offer: without it a power loss may take a rename back.</summary>
internal static partial class FolderSync
{
    private const int ReadOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY on Linux

    /// <exception cref="IOException">The system reports a failure; the entries may not be on disk.</exception>
    public static void Sync(string folder)
    {
        if (!OperatingSystem.IsLinux()) return; // Windows has no such call; macOS orders renames by itself.
        using var handle = new SafeFileHandle(Open(folder, ReadOnlyDirectory), ownsHandle: true);
        if (handle.IsInvalid || Fsync(handle) != 0)
            throw new IOException(
                $"Could not put the entries of {folder} on disk: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);
}
