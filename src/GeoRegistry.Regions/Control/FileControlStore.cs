using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Regions.Control;

/// <summary>The control store of regions that share a file system: the topology is a file.</summary>
/// <remarks>It is replaced whole, by a rename, under a lock beside it; a person may edit it too, and then raises its version.</remarks>
/// <param name="path">The file.</param>
/// <param name="clock">The time between two attempts at the lock.</param>
public sealed class FileControlStore(string path, TimeProvider clock) : IControlStore
{
    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(20);

    private readonly string _path = Path.GetFullPath(path);

    /// <inheritdoc/>
    public async Task<Topology> ReadAsync(CancellationToken cancellation = default)
    {
        if (!File.Exists(_path))
            throw new InvalidDataException(
                $"There is no topology at {_path}: write one (cluster-config/three-regions has an example), "
                    + "or start without --topology.");
        var json = await File.ReadAllBytesAsync(_path, cancellation).ConfigureAwait(false);
        return TopologyReader.Read(json, out var faults)
            ?? throw new InvalidDataException(
                $"The topology {_path} cannot be used:{string.Concat(faults.Select(fault => $"\n  {fault}"))}");
    }

    /// <inheritdoc/>
    public async Task<bool> TryReplaceAsync(long expectedVersion, Topology next, CancellationToken cancellation = default)
    {
        if (next.Version != expectedVersion + 1)
            throw new ArgumentException($"Version {next.Version} cannot follow {expectedVersion}.", nameof(next));
        await using var held = await LockAsync(cancellation).ConfigureAwait(false);
        var current = File.Exists(_path) ? (await ReadAsync(cancellation).ConfigureAwait(false)).Version : 0;
        if (current != expectedVersion) return false;
        var draft = _path + ".next";
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write))
        {
            await file.WriteAsync(TopologyReader.Write(next), cancellation).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, _path, overwrite: true);
        DirectorySync.Sync(Path.GetDirectoryName(_path)!);
        return true;
    }

    // The lock goes with the process that holds it, however that ends.
    private async Task<FileStream> LockAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(_path + ".lock"))
            {
                await Task.Delay(LockInterval, clock, cancellation).ConfigureAwait(false);
            }
        }
    }
}
