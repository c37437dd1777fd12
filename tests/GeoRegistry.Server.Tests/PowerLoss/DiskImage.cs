namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>Folders and files of a disk, by their paths below its root.</summary>
internal sealed class DiskImage
{
    public SortedSet<string> Folders { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, ReadOnlyMemory<byte>> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads a folder of this machine.</summary>
    public static DiskImage Of(string folder)
    {
        var image = new DiskImage();
        foreach (var path in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories)) image.Folders.Add(
            Path.GetRelativePath(folder, path));
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            image.Files[Path.GetRelativePath(folder, path)] = File.ReadAllBytes(path);
        return image;
    }

    /// <summary>Writes it to a folder of this machine, whole or in part.</summary>
    public void WriteTo(string folder, Func<string, bool>? only = null)
    {
        Directory.CreateDirectory(folder);
        foreach (var path in Folders.Where(only ?? (_ => true))) Directory.CreateDirectory(Path.Combine(folder, path));
        foreach (var (path, content) in Files)
        {
            if (only?.Invoke(path) != false) File.WriteAllBytes(Path.Combine(folder, path), content.Span);
        }
    }
}
