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

    private readonly string _root, _damaged;

    // One process has the folder, so locks in memory order the steps on a blob's file; one for each first byte of a hash.
    private readonly Lock[] _locks = [.. Enumerable.Range(0, 256).Select(_ => new Lock())];

    public BlobFolder(string root)
    {
        _root = Path.GetFullPath(root);
        foreach (var algorithm in Enum.GetValues<DigestAlgorithm>()) MakeShards(FolderOf(algorithm));
        Uploads = Path.Combine(_root, "uploads");
        Directory.CreateDirectory(Uploads);
        _damaged = Path.Combine(_root, "damaged");
        Directory.CreateDirectory(_damaged);
        DirectorySync.Sync(_root);
        DirectorySync.Sync(Path.GetDirectoryName(_root)!);
    }

    /// <summary>The folder of uploads in progress.</summary>
    public string Uploads { get; }

    /// <summary>The folders of blobs.</summary>
    public IEnumerable<(DigestAlgorithm Algorithm, string Folder)> Shards =>
        from algorithm in Enum.GetValues<DigestAlgorithm>()
        from shard in Enumerable.Range(0, 256)
        select (algorithm, Path.Combine(FolderOf(algorithm), $"{shard:x2}"));

    /// <summary>Held while a blob's file appears, is touched, or is deleted, so that a delete checks the age that it deletes.</summary>
    public Lock LockOf(Digest digest) => _locks[Convert.ToByte(digest.Hex[..2].ToString(), 16)];

    /// <summary>The folder of the blobs that are named by an algorithm.</summary>
    public string FolderOf(DigestAlgorithm algorithm) => Path.Combine(_root, algorithm.Name());

    /// <summary>The file of a blob.</summary>
    public string Blob(Digest digest) => Path.Combine(ShardOf(digest), digest.Hex.ToString());

    /// <summary>Where the file of a damaged blob is kept.</summary>
    public string Damaged(Digest digest) => Path.Combine(_damaged, $"{digest.Algorithm.Name()}-{digest.Hex}");

    /// <summary>The folder of a blob's file.</summary>
    public string ShardOf(Digest digest) => Path.Combine(FolderOf(digest.Algorithm), digest.Hex[..2].ToString());

    /// <summary>The file of an upload.</summary>
    /// <exception cref="ArgumentException">The key has other characters than lower-case letters, digits and dashes, or is too
    /// long.</exception>
    public string Upload(string key)
    {
        var valid = key.Length is > 0 and <= 128 && key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
        return valid ? Path.Combine(Uploads, key) : throw new ArgumentException($"'{key}' is not the key of an upload.", nameof(key));
    }

    private static void MakeShards(string folder)
    {
        for (var i = 0; i < 256; i++) Directory.CreateDirectory(Path.Combine(folder, $"{i:x2}"));
        DirectorySync.Sync(folder);
    }
}
