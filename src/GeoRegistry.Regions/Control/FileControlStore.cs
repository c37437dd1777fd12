using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Regions.Control;

/// <summary>The control store of regions that share a file system: the topology is a file.</summary>
/// <remarks>It is replaced whole, by a rename, under a lock beside it; a person may edit it too, and then raises its version.</remarks>
/// <param name="path">The file.</param>
/// <param name="clock">The time between two attempts at the lock, and between two looks at the file.</param>
public sealed partial class FileControlStore(string path, TimeProvider clock) : IControlStore
{
    /// <summary>How often the file is read while it is followed.</summary>
    public static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(20);

    private readonly string _path = Path.GetFullPath(path);

    /// <inheritdoc/>
    public async Task<Topology> ReadAsync(CancellationToken cancellation = default) =>
        Parse(await ReadFileAsync(cancellation).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<bool> TryReplaceAsync(long expectedVersion, Topology next, CancellationToken cancellation = default)
    {
        if (next.Version <= expectedVersion)
            throw new ArgumentException($"Version {next.Version} cannot follow {expectedVersion}.", nameof(next));
        await using var held = await LockAsync(cancellation).ConfigureAwait(false);
        var document = TopologyReader.Write(next);
        var current = File.Exists(_path) ? await ReadAsync(cancellation).ConfigureAwait(false) : null;
        if (current is not null && TopologyReader.Write(current).AsSpan().SequenceEqual(document)) return true;
        if ((current?.Version ?? 0) != expectedVersion) return false;
        var draft = _path + ".next";
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write))
        {
            await file.WriteAsync(document, cancellation).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, _path, overwrite: true);
        DirectorySync.Sync(Path.GetDirectoryName(_path)!);
        return true;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Topology> WatchAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        byte[]? given = null;
        using var timer = new PeriodicTimer(WatchInterval, clock);
        do
        {
            var json = await ReadFileAsync(cancellation).ConfigureAwait(false);
            if (given is not null && json.AsSpan().SequenceEqual(given)) continue;
            yield return Parse(json);
            given = json;
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }

    private async Task<byte[]> ReadFileAsync(CancellationToken cancellation) => File.Exists(_path)
        ? await File.ReadAllBytesAsync(_path, cancellation).ConfigureAwait(false)
        : throw new InvalidDataException(
            $"There is no topology at {_path}: write one (cluster-config/three-regions has an example), "
                + "or start without --topology.");

    private Topology Parse(byte[] json) => TopologyReader.Read(json, out var faults)
        ?? throw new InvalidDataException(
            $"The topology {_path} cannot be used:{string.Concat(faults.Select(fault => $"\n  {fault}"))}");

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
