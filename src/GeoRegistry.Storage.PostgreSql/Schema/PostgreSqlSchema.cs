using System.Globalization;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Schema;

/// <summary>Makes the tables, and upgrades them from one version to the next.</summary>
internal static class PostgreSqlSchema
{
    /// <summary>The scripts of each version, in order; they are resources of this assembly.</summary>
    private static readonly string[][] Versions = [["1.sql", "1-functions.sql"], ["2.sql"]];

    /// <summary>
    /// Brings the database to this build's version, in one transaction under a lock: several servers may start at once.
    /// </summary>
    /// <exception cref="InvalidDataException">The database was written by a newer build.</exception>
    public static async Task UpgradeAsync(NpgsqlConnection connection, string schema, CancellationToken cancellation)
    {
        var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await RunAsync(connection, $"SELECT pg_advisory_xact_lock(hashtext('georegistry schema {schema}'))", cancellation)
                .ConfigureAwait(false);
            await RunAsync(
                connection,
                $"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)",
                cancellation).ConfigureAwait(false);
            var versions = await connection.ListAsync(row => row.GetInt32(0), "SELECT version FROM schema_version", [], cancellation)
                .ConfigureAwait(false);
            var version = versions.Count > 0 ? versions[0] : 0;
            if (version > Versions.Length)
                throw new InvalidDataException(
                    $"The metadata database has the schema version {version}; this build knows {Versions.Length}. "
                        + "Start a newer build on this database.");
            if (version == Versions.Length) return;
            foreach (var script in Versions[version..].SelectMany(scripts => scripts))
                await RunAsync(connection, Read(script), cancellation).ConfigureAwait(false);
            var number = Versions.Length.ToString(CultureInfo.InvariantCulture);
            await RunAsync(
                connection, $"DELETE FROM schema_version; INSERT INTO schema_version (version) VALUES ({number})", cancellation)
                .ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }

        connection.ReloadTypes();
    }

    private static async Task RunAsync(NpgsqlConnection connection, string script, CancellationToken cancellation)
    {
        var command = new NpgsqlCommand(script, connection);
        await using (command.ConfigureAwait(false)) await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private static string Read(string script)
    {
        using var stream = typeof(PostgreSqlSchema).Assembly.GetManifestResourceStream(script)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
