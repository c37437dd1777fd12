using System.Diagnostics;

namespace GeoRegistry.TestKit;

/// <summary>A file system of a few MiB, which can be filled. Mounting it takes root.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SmallDisk(int sizeMiB)
    {
        Directory.CreateDirectory(Path);
        Run("mount", "-t", "tmpfs", "-o", $"size={sizeMiB}m", "tmpfs", Path);
    }

    public string Path => _folder.Child("disk");

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Takes all space there is.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true) file.Write(page);
        }
        catch (IOException)
        {
            // Full, as it is to be.
        }
    }

    /// <summary>Gives back what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(Filler);

    /// <summary>Makes it read-only; nothing may have a file open on it to write.</summary>
    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        _folder.Dispose();
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"{command} {string.Join(' ', arguments)} failed with {process.ExitCode}; it must run as root on Linux.");
    }
}
