using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Files;

/// <summary>Where everything lies. All paths of the blob store are made here.</summary>
/// <remarks>
/// <code>
/// blobs/
///   sha256/00 … ff/   one file a blob, named by its hash; the folder is the hash's first two characters
///   sha512/00 … ff/
///   uploads/          one file an upload in progress, named by its key
///   damaged/          one file a blob whose bytes do not have its digest, named by algorithm and hash: never read again, an
///                     operator may delete it
/// </code>
/// The folders are made at the start, so that a push never has to make one and put it on disk. They are put on disk at every start:
/// one that made them may have been killed before it did that.
/// </remarks>
internal sealed class BlobFolder
{
    /// <summary>The file that health checks write among the uploads; no upload's key has a dot.</summary>
    public const string HealthFile = ".health";

    private const int ShardsOfAlgorithm = 256;

    private readonly string _root, _damaged;
    private readonly Action<string> _sync;

    // For each shard: how many names it was given since the start, one for those before it, which a killed process may not have
    // put on disk; and how many of those are known to be.
    private readonly long[] _named, _synced;

    // One process has the folder, so locks in memory order the steps on a blob's file; one for each first byte of a hash.
    private readonly Lock[] _locks = [.. Enumerable.Range(0, ShardsOfAlgorithm).Select(_ => new Lock())];

    /// <param name="root">The store's folder.</param>
    /// <param name="sync">Puts the names in a folder of blobs on disk.</param>
    public BlobFolder(string root, Action<string> sync)
    {
        _root = Path.GetFullPath(root);
        _sync = sync;
        _named = [.. Enumerable.Repeat(1L, Enum.GetValues<DigestAlgorithm>().Length * ShardsOfAlgorithm)];
        _synced = new long[_named.Length];
        foreach (var algorithm in Enum.GetValues<DigestAlgorithm>()) MakeShards(FolderOf(algorithm));
        Uploads = Path.Combine(_root, "uploads");
        Directory.CreateDirectory(Uploads);
        _damaged = Path.Combine(_root, "damaged");
        Directory.CreateDirectory(_damaged);
        DirectorySync.Sync(_root);
        DirectorySync.Sync(Path.GetDirectoryName(_root)!);
    }

    /// <summary>Who holds each upload.</summary>
    public UploadHolders Holders { get; } = new();

    /// <summary>The folder of uploads in progress.</summary>
    public string Uploads { get; }

    /// <summary>The folders of blobs.</summary>
    public IEnumerable<(DigestAlgorithm Algorithm, string Folder)> Shards =>
        from algorithm in Enum.GetValues<DigestAlgorithm>()
        from shard in Enumerable.Range(0, ShardsOfAlgorithm)
        select (algorithm, Path.Combine(FolderOf(algorithm), $"{shard:x2}"));

    /// <summary>Held while a blob's file appears, is touched, or is deleted, so that a delete checks the age that it deletes.</summary>
    public Lock LockOf(Digest digest) => _locks[FirstByteOf(digest)];

    /// <summary>Gives a file the name of a blob, which is visible from then on, and not on disk before <see cref="SyncName"/>.</summary>
    public void Name(string path, Digest digest)
    {
        File.Move(path, Blob(digest), overwrite: true);
        Interlocked.Increment(ref _named[IndexOf(digest)]);
    }

    /// <summary>
    /// Puts the name of a blob on disk, if it is not known to be: whoever named the file may not have come so far, or may have failed.
    /// </summary>
    public void SyncName(Digest digest)
    {
        var shard = IndexOf(digest);
        long named;
        lock (LockOf(digest)) named = _named[shard]; // A name that is seen is counted.
        var synced = Volatile.Read(ref _synced[shard]);
        if (synced >= named) return;
        _sync(ShardOf(digest));
        while (synced < named)
        {
            var known = Interlocked.CompareExchange(ref _synced[shard], named, synced);
            if (known == synced) return;
            synced = known;
        }
    }

    /// <summary>The folder of the blobs that are named by an algorithm.</summary>
    public string FolderOf(DigestAlgorithm algorithm) => Path.Combine(_root, algorithm.Name());

    /// <summary>The file of a blob.</summary>
    public string Blob(Digest digest) => Path.Combine(ShardOf(digest), digest.Hex.ToString());

    /// <summary>Where the file of a damaged blob is kept.</summary>
    public string Damaged(Digest digest) => Path.Combine(_damaged, $"{digest.Algorithm.Name()}-{digest.Hex}");

    /// <summary>The folder of a blob's file.</summary>
    public string ShardOf(Digest digest) => Path.Combine(FolderOf(digest.Algorithm), digest.Hex[..2].ToString());

    /// <summary>The file of an upload.</summary>
    /// <exception cref="ArgumentException">The key is not one.</exception>
    public string Upload(string key) => Path.Combine(Uploads, UploadKey.Validate(key));

    private static int FirstByteOf(Digest digest) => Convert.ToByte(digest.Hex[..2].ToString(), 16);

    private static int IndexOf(Digest digest) => ((digest.Algorithm - DigestAlgorithm.Sha256) * ShardsOfAlgorithm) + FirstByteOf(digest);

    private static void MakeShards(string folder)
    {
        for (var i = 0; i < ShardsOfAlgorithm; i++) Directory.CreateDirectory(Path.Combine(folder, $"{i:x2}"));
        DirectorySync.Sync(folder);
    }
}
