using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Connections;

/// <summary>Statements with values for <c>$1</c>, <c>$2</c>, …</summary>
/// <remarks>
/// Each connection prepares a statement when it first runs it. Npgsql's automatic preparation is not used: after a batch that failed it
/// runs statements as prepared whose results it does not know ("unexpected backend message DataRow", 10.0.3).
/// </remarks>
internal static class Statements
{
    /// <summary>Begins a query.</summary>
    public static async Task<NpgsqlDataReader> QueryAsync(
        this NpgsqlConnection connection, string sql, object[] values, CancellationToken cancellation)
    {
        var command = connection.Statement(sql, values);
        await using (command.ConfigureAwait(false))
        {
            await command.PrepareAsync(cancellation).ConfigureAwait(false);
            return await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Runs a statement and returns how many rows it changed.</summary>
    public static async Task<int> ExecuteAsync(
        this NpgsqlConnection connection, string sql, object[] values, CancellationToken cancellation)
    {
        var command = connection.Statement(sql, values);
        await using (command.ConfigureAwait(false)) return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>All rows of a query, each made into a value.</summary>
    public static async Task<List<T>> ListAsync<T>(
        this NpgsqlConnection connection, Func<NpgsqlDataReader, T> read, string sql, object[] values, CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync(sql, values, cancellation).ConfigureAwait(false);
        await using (rows.ConfigureAwait(false))
        {
            var list = new List<T>();
            while (await rows.ReadAsync(cancellation).ConfigureAwait(false)) list.Add(read(rows));
            return list;
        }
    }

    /// <summary>The bytes of a column.</summary>
    public static byte[] GetBytes(this NpgsqlDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    private static NpgsqlCommand Statement(this NpgsqlConnection connection, string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        Bind(command.Parameters, values);
        return command;
    }

    /// <summary>Gives a statement its values.</summary>
    public static void Bind(NpgsqlParameterCollection parameters, ReadOnlySpan<object> values)
    {
        foreach (var value in values) parameters.Add((value as NpgsqlParameter)?.Clone() ?? new NpgsqlParameter { Value = value });
    }
}
