using System.Security.Cryptography;

namespace GeoRegistry.Server.Tests.Clients;

/// <summary>The files of a server's blob store, looked at from outside.</summary>
internal sealed class BlobFiles(string dataFolder)
{
    private readonly Dictionary<string, (long, DateTime)> _seen = [];

    public string Uploads => Path.Combine(dataFolder, "blobs", "uploads");

    /// <summary>Whatever is visible under a digest is complete: every file hashes to its name and lies in its shard.</summary>
    /// <returns>How many files were hashed; those that were seen before and did not change are not hashed again.</returns>
    public int AssertWhole()
    {
        var hashed = 0;
        foreach (var file in new DirectoryInfo(Path.Combine(dataFolder, "blobs", "sha256"))
            .EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (_seen.TryGetValue(file.FullName, out var seen) && seen == (file.Length, file.LastWriteTimeUtc)) continue;
            using var content = file.OpenRead();
            var hash = Convert.ToHexStringLower(SHA256.HashData(content));
            Assert.True(hash == file.Name, $"{file.FullName} has {file.Length} bytes, whose hash is {hash}: it is visible and not whole.");
            Assert.Equal(file.Name[..2], file.Directory!.Name);
            _seen[file.FullName] = (file.Length, file.LastWriteTimeUtc);
            hashed++;
        }

        return hashed;
    }
}
