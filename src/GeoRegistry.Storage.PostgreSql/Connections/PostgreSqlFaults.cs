using System.Net.Sockets;
using GeoRegistry.Ledgers.Stores;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Connections;

/// <summary>The one place that knows how PostgreSQL and its driver report failures.</summary>
internal static class PostgreSqlFaults
{
    /// <summary>Raised by the function <c>must_be</c>: what was read is no longer so.</summary>
    private const string RowChanged = "GR001";

    /// <summary>The server ended a connection that was frozen within a transaction.</summary>
    private const string IdleInTransaction = "25P03";

    /// <summary>What the driver says of several servers none of which was the primary when it was asked last.</summary>
    private const string NoPrimary = "No suitable host was found.";

    /// <summary>Where the transaction was ended because of another one: it can be run again.</summary>
    public static bool IsConflict(Exception failure) => failure is PostgresException
    {
        SqlState: RowChanged or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.SerializationFailure,
    };

    /// <summary>Whether a row was read, and does not say what it must, or is there where it must not be.</summary>
    public static bool IsDamagedRow(Exception failure) => failure is InvalidDataException or FormatException
        or IndexOutOfRangeException or PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    /// <summary>Where the database, or the way to it, may be back soon. Whether a transaction was carried out is not known then.</summary>
    public static bool IsTransient(Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections
            or IdleInTransaction } => true,
        PostgresException postgres => postgres.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException { InnerException: IOException or SocketException or TimeoutException } => true,
        NpgsqlException { InnerException: AggregateException ofHosts } => ofHosts.InnerExceptions.Any(IsTransient),
        NpgsqlException npgsql => npgsql.IsTransient || npgsql.Message == NoPrimary,
        _ => false,
    };

    /// <summary>
    /// The failure as callers of a store expect it: a <see cref="StoreFaultException"/> where an operator can help, a
    /// <see cref="StoreUnavailableException"/> where the database is away; null where it is neither.
    /// </summary>
    public static Exception? Translate(Exception failure)
    {
        if (FaultOf(failure) is { } fault)
            return new StoreFaultException(fault, $"PostgreSQL did not write the metadata: {failure.Message}", failure);
        return IsTransient(failure)
            ? new StoreUnavailableException($"The metadata database does not answer: {failure.Message}", failure)
            : null;
    }

    private static StoreFault? FaultOf(Exception failure) => failure is not PostgresException postgres ? null : postgres.SqlState switch
    {
        PostgresErrorCodes.DiskFull => StoreFault.Full,
        PostgresErrorCodes.ReadOnlySqlTransaction => StoreFault.ReadOnly,
        PostgresErrorCodes.InsufficientPrivilege => StoreFault.NoPermission,
        _ => null,
    };
}
