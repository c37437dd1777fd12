using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Storage.Files;

/// <summary>
/// The files of uploads that a request used last, still open: a push sends several requests to each, one soon after the other.
/// </summary>
/// <remarks>However many uploads are begun, no more than <see cref="MaxOpenFiles"/> keep a file open between requests.</remarks>
internal sealed class IdleUploads
{
    /// <summary>How many files are kept open; the one that was used longest ago is closed for another.</summary>
    public const int MaxOpenFiles = 64;

    private readonly Lock _lock = new();
    private readonly LinkedList<(string Path, SafeFileHandle File)> _byAge = new();
    private readonly Dictionary<string, LinkedListNode<(string Path, SafeFileHandle File)>> _byPath = [];

    /// <summary>Takes an upload's file, if it is kept here and is there still.</summary>
    public SafeFileHandle? Take(string path)
    {
        var file = Remove(path);
        if (file is null || File.Exists(path)) return file;
        file.Dispose();
        return null;
    }

    /// <summary>Keeps an upload's file, instead of closing it.</summary>
    public void Keep(string path, SafeFileHandle file)
    {
        SafeFileHandle? closed;
        lock (_lock)
        {
            closed = Remove(path);
            _byPath[path] = _byAge.AddLast((path, file));
            if (_byAge.Count > MaxOpenFiles) closed = Remove(_byAge.First!.Value.Path);
        }

        closed?.Dispose();
    }

    private SafeFileHandle? Remove(string path)
    {
        lock (_lock)
        {
            if (!_byPath.Remove(path, out var node)) return null;
            _byAge.Remove(node);
            return node.Value.File;
        }
    }
}
