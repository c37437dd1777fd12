using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql;

/// <summary>How a region reaches its PostgreSQL database.</summary>
public sealed class PostgreSqlOptions : IValidatableObject
{
    /// <summary>
    /// Where the database is and who asks, as Npgsql writes it: <c>Host=db;Database=georegistry;Username=georegistry</c>.
    /// <c>Host=db1,db2</c> names a primary and its standbys, in any order. Its password is better kept in a file (<c>Passfile=…</c>).
    /// Default none: the metadata is in SQLite, in the data folder.
    /// </summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>The schema that has the tables; made where it is missing. Default <c>georegistry</c>.</summary>
    [RegularExpression("^[a-z_][a-z0-9_]{0,62}$", ErrorMessage = "A schema has 1 to 63 lower-case letters, digits and underscores.")]
    public string Schema { get; set; } = "georegistry";

    /// <summary>How many connections the server may hold. Default 20.</summary>
    [Range(3, 1000)]
    public int MaxConnections { get; set; } = 20;

    /// <summary>
    /// How long a read or a write is tried again while the database is away, before its client hears of it. Default 15 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan RetryTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How many reads and transactions may wait for the database or be under way at a time. Beyond it requests are answered with 503 at
    /// once, and <c>Retry-After</c>. Default 512.
    /// </summary>
    /// <remarks>Well more than connections, as each is free again after a millisecond; few enough that memory does not run out.</remarks>
    [Range(16, 100_000)]
    public int MaxWaiting { get; set; } = 512;

    /// <summary>Whether the metadata is in PostgreSQL.</summary>
    public bool IsUsed => ConnectionString.Length > 0;

    /// <summary>Whether <c>Host</c> names several servers, of which the primary is used.</summary>
    internal bool HasSeveralHosts =>
        new NpgsqlConnectionStringBuilder(ConnectionString).Host?.Contains(',', StringComparison.Ordinal) == true;

    /// <summary>Where the database is, without who asks: <c>db:5432/georegistry</c>.</summary>
    public string Place
    {
        get
        {
            var connection = new NpgsqlConnectionStringBuilder(ConnectionString);
            return $"{connection.Host}:{connection.Port}/{connection.Database}";
        }
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IsUsed && FindFault() is { } fault)
            yield return new ValidationResult(
                $"The connection string cannot be used: {fault} "
                    + "Write it as Host=db;Database=georegistry;Username=georegistry;Passfile=….",
                [nameof(ConnectionString)]);
    }

    private string? FindFault()
    {
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(ConnectionString);
            return connection switch
            {
                { Host: null or "" } => "it names no Host.",
                { Database: null or "" } => "it names no Database.",
                { Username: null or "" } => "it names no Username.",
                _ => null,
            };
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}
