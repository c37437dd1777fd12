namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>
/// A model of the files below one folder, which follows the system calls of a trace and knows what a power loss would
/// leave.
/// </summary>
/// <remarks>
/// It is as strict as POSIX: bytes are on disk once their file was synced after they were written, and a name is on disk once its folder
/// was synced after it was given or taken. What a sync covers is counted when it begins; that it holds, when it returns.
/// </remarks>
/// <param name="location">The folder, which exists, is on disk and is empty when the trace begins.</param>
internal sealed class RecordedDisk(string location)
{
    /// <summary>The calls that must be traced, in strace's words.</summary>
    public const string Calls =
        "open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,"
        + "write,writev,pwrite64,pwritev,pwritev2,truncate,ftruncate,fallocate,copy_file_range,sendfile,splice,mmap,io_uring_setup,"
        + "fsync,fdatasync,sync,syncfs,msync";

    /// <summary>Files whose bytes are of no use after a restart, and which are written in ways that a trace does not show.</summary>
    private const string SharedMemorySuffix = "-shm";

    private readonly RecordedFolder _root = new();
    private readonly Dictionary<SystemCall, (RecordedNode Node, long Changes)> _syncs = [];

    /// <summary>Where the folder lies; it may be moved between two traces.</summary>
    public string Location { get; set; } = location;

    /// <summary>The file that processes see under a path below the root, or null.</summary>
    public RecordedFile? FindFile(string path) => Find(path) as RecordedFile;

    /// <summary>Follows one step.</summary>
    /// <returns>The path below the root of the node that the step changed or synced; null where it did nothing here.</returns>
    public string? Apply(TraceStep step)
    {
        var call = step.Call;
        if (step.IsReturn) return call.Succeeded ? Return(call) : null;
        if (call.Name is "fsync" or "fdatasync" && Below(call.Target(0)) is { } path && Find(path) is { } node)
            _syncs[call] = (node, node.Changes);
        return null;
    }

    /// <summary>What processes see.</summary>
    public DiskImage Seen() => Walk(folder => folder.Seen, file => file.Seen.Memory);

    /// <summary>What a power loss would leave now.</summary>
    /// <param name="survives">Says of each change that was not synced whether it reached the disk all the same; null for none.</param>
    public DiskImage AfterPowerLoss(Func<bool>? survives = null) =>
        Walk(folder => folder.AfterPowerLoss(survives), file => file.AfterPowerLoss(survives));

    /// <summary>The real folder is what the calls made of it: so none was overlooked.</summary>
    public void AssertIsReal()
    {
        var (seen, real) = (Seen(), DiskImage.Of(Location));
        Assert.Equal(real.Folders, seen.Folders);
        Assert.Equal(real.Files.Keys, seen.Files.Keys);
        foreach (var (path, content) in seen.Files.Where(file => !file.Key.EndsWith(SharedMemorySuffix, StringComparison.Ordinal)))
            Assert.True(content.Span.SequenceEqual(real.Files[path].Span), $"{path} has other bytes than the recorded calls wrote.");
    }

    private string? Return(SystemCall call) => call.Name switch
    {
        "open" => Open(call.Path(0), call, flags: 1),
        "openat" => Open(call.Path(1, folder: 0), call, flags: 2),
        "mkdir" => Add(call.Path(0), new RecordedFolder()),
        "mkdirat" => Add(call.Path(1, folder: 0), new RecordedFolder()),
        "rename" => Rename(call.Path(0), call.Path(1)),
        "renameat" or "renameat2" when call.Arguments.Count == 4 || call.Arguments[4] is "0" or "RENAME_NOREPLACE" =>
            Rename(call.Path(1, folder: 0), call.Path(3, folder: 2)),
        "link" => Add(call.Path(1), Below(call.Path(0)) is { } linked ? Find(linked) : null),
        "unlink" or "rmdir" => Remove(call.Path(0)),
        "unlinkat" => Remove(call.Path(1, folder: 0)),
        "pwrite64" or "pwritev" => Write(call),
        "ftruncate" => Below(call.Target(0)) is { } path ? Truncate(path, call.Number(1)) : null,
        "truncate" => Below(call.Path(0)) is { } path ? Truncate(path, call.Number(1)) : null,
        "fsync" or "fdatasync" => Sync(call),
        "mmap" when !call.HasFlag(3, "MAP_SHARED") || !call.HasFlag(2, "PROT_WRITE") => null,
        "mmap" when Below(call.Target(4)) is { } path && path.EndsWith(SharedMemorySuffix, StringComparison.Ordinal) => null,
        "io_uring_setup" or "sync" => throw new InvalidDataException(
            $"The recorder does not follow {call.Name}, which the traced process uses."),
        _ when Enumerable.Range(0, call.Arguments.Count).Any(argument => Below(call.Target(argument)) is not null) =>
            throw new InvalidDataException($"The recorder does not follow {call}."),
        _ => null,
    };

    private string? Open(string fullPath, SystemCall call, int flags)
    {
        if (Below(fullPath) is not { } path) return null;
        if (Find(path) is null)
        {
            if (!call.HasFlag(flags, "O_CREAT")) throw new InvalidDataException($"{path} was opened and is not in the recording: {call}");
            return Add(fullPath, new RecordedFile());
        }

        return call.HasFlag(flags, "O_TRUNC") ? Truncate(path, 0) : null;
    }

    private string? Add(string fullPath, RecordedNode? node)
    {
        if (Below(fullPath) is not { } path) return null;
        var (folder, name) = ParentOf(path);
        folder.Set(name, node ?? throw new InvalidDataException($"{path} was made of something that is not in the recording."));
        return path;
    }

    private string? Rename(string fullFrom, string fullTo)
    {
        var (from, to) = (Below(fullFrom), Below(fullTo));
        if (from is null && to is null) return null;
        if (from is null || to is null || Find(from) is not { } node)
            throw new InvalidDataException($"{fullFrom} was renamed to {fullTo}, and one of them is not in the recording.");
        var ((source, oldName), (target, newName)) = (ParentOf(from), ParentOf(to));
        if (source == target)
        {
            source.Rename(oldName, newName, node);
            return to;
        }

        source.Set(oldName, null);
        target.Set(newName, node);
        return to;
    }

    private string? Remove(string fullPath)
    {
        if (Below(fullPath) is not { } path) return null;
        var (folder, name) = ParentOf(path);
        folder.Set(name, null);
        return path;
    }

    private string? Write(SystemCall call)
    {
        if (Below(call.Target(0)) is not { } path || FindFile(path) is not { } file) return null;
        file.Write(call.Number(call.Arguments.Count - 1), call.Data()[..(int)call.Result!.Value]);
        return path;
    }

    private string? Truncate(string path, long length)
    {
        (FindFile(path) ?? throw new InvalidDataException($"{path} was cut and is not in the recording.")).SetLength(length);
        return path;
    }

    private string? Sync(SystemCall call)
    {
        if (!_syncs.Remove(call, out var sync)) return null;
        sync.Node.Sync(sync.Changes);
        return Below(call.Target(0));
    }

    // Null for what lies elsewhere. strace marks what has no name any more; nothing of it can be found after a power loss.
    private string? Below(string? path) =>
        path is not null && (path == Location || path.StartsWith(Location + "/", StringComparison.Ordinal))
            ? Path.GetRelativePath(Location, path) : null;

    private RecordedNode? Find(string path)
    {
        RecordedNode? node = _root;
        if (path == ".") return node;
        foreach (var name in path.Split('/'))
        {
            if (node is not RecordedFolder folder || !folder.Seen.TryGetValue(name, out node)) return null;
        }

        return node;
    }

    private (RecordedFolder Folder, string Name) ParentOf(string path)
    {
        var parent = Path.GetDirectoryName(path)!;
        return Find(parent.Length == 0 ? "." : parent) is RecordedFolder folder
            ? (folder, Path.GetFileName(path))
            : throw new InvalidDataException($"The folder of {path} is not in the recording.");
    }

    private DiskImage Walk(Func<RecordedFolder, IReadOnlyDictionary<string, RecordedNode>> entries,
        Func<RecordedFile, ReadOnlyMemory<byte>> content)
    {
        var image = new DiskImage();
        Visit(_root, "");
        return image;

        void Visit(RecordedFolder folder, string path)
        {
            foreach (var (name, node) in entries(folder))
            {
                var below = path.Length == 0 ? name : $"{path}/{name}";
                if (node is RecordedFile file)
                {
                    image.Files[below] = content(file);
                    continue;
                }

                image.Folders.Add(below);
                Visit((RecordedFolder)node, below);
            }
        }
    }
}
