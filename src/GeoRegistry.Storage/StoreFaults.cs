using GeoRegistry.Ledgers.Stores;
using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage;

/// <summary>
/// The one place that knows how the system and SQLite report a full disk, a read-only file system and missing permission.
/// </summary>
internal static class StoreFaults
{
    /// <summary>
    /// Numbers of errors as Linux has them; <see cref="Exception.HResult"/> of an <see cref="IOException"/> is the
    /// system's own number there.
    /// </summary>
    private const int NoSpace = 28, ReadOnlyFileSystem = 30, QuotaExceeded = 122;

    /// <summary>The same on Windows.</summary>
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027),
        WindowsDiskFull = unchecked((int)0x80070070),
        WindowsWriteProtected = unchecked((int)0x80070013);

    /// <summary>A part of the disk that cannot be read, on Linux and on Windows.</summary>
    private const int InputOutput = 5, WindowsCyclicRedundancyCheck = unchecked((int)0x80070017);

    /// <summary>SQLite's result codes for a database that is damaged.</summary>
    private const int SqliteCorrupt = 11, SqliteNoDatabase = 26;

    /// <summary>SQLite's result codes. It could not make its shared memory larger is what a full disk looks like, too.</summary>
    private const int SqlitePermission = 3, SqliteReadOnly = 8, SqliteFull = 13, SqliteSharedMemorySize = 4874;

    /// <summary>What is wrong, or null where a failure is of another kind.</summary>
    public static StoreFault? Of(Exception failure) => failure switch
    {
        StoreFaultException known => known.Fault,
        UnauthorizedAccessException => StoreFault.NoPermission,
        IOException { HResult: NoSpace or QuotaExceeded or WindowsDiskFull or WindowsHandleDiskFull } => StoreFault.Full,
        IOException { HResult: ReadOnlyFileSystem or WindowsWriteProtected } => StoreFault.ReadOnly,
        SqliteException { SqliteErrorCode: SqliteFull } or SqliteException { SqliteExtendedErrorCode: SqliteSharedMemorySize } =>
            StoreFault.Full,
        SqliteException { SqliteErrorCode: SqliteReadOnly } => StoreFault.ReadOnly,
        SqliteException { SqliteErrorCode: SqlitePermission } => StoreFault.NoPermission,
        _ => null,
    };

    /// <summary>
    /// Whether what was being read is damaged on the disk. Any other failure, such as that there are no more file descriptors, says
    /// nothing of it.
    /// </summary>
    public static bool IsDamage(Exception failure) => DamagedRow.IsCauseOf(failure)
        || failure is IOException { HResult: InputOutput or WindowsCyclicRedundancyCheck }
        or SqliteException { SqliteErrorCode: SqliteCorrupt or SqliteNoDatabase };

    /// <summary>
    /// The failure as callers of a store expect it: a <see cref="StoreFaultException"/> where it is one of these, else as
    /// it is.
    /// </summary>
    /// <param name="failure">What the system reported.</param>
    /// <param name="what">What could not be written, such as the path of a file.</param>
    public static Exception Translate(Exception failure, string what) => failure is not StoreFaultException && Of(failure) is { } fault
        ? new StoreFaultException(fault, $"Could not write {what}: {failure.Message}", failure)
        : failure;
}
