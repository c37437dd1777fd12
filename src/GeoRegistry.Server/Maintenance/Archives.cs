using GeoRegistry.Ledgers.Archives;

namespace GeoRegistry.Server.Maintenance;

/// <summary>Archives in files.</summary>
internal static class Archives
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>Opens an archive's file for reading.</summary>
    public static FileStream Open(string file) => new(file, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);

    /// <summary>Writes all metadata of a store into a file, and reads back what it is.</summary>
    public static async Task<ArchiveSummary> ExportAsync(IMetadataArchive metadata, string file, CancellationToken cancellation)
    {
        var output = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes);
        await using (output) await metadata.ExportAsync(output, cancellation);
        return await CheckAsync(file, cancellation);
    }

    /// <summary>Checks an archive's file.</summary>
    /// <exception cref="InvalidDataException">It is no archive, or damaged, or cut short.</exception>
    public static async Task<ArchiveSummary> CheckAsync(string file, CancellationToken cancellation)
    {
        var archive = Open(file);
        await using (archive) return await ArchiveReader.CheckAsync(archive, cancellation);
    }
}
