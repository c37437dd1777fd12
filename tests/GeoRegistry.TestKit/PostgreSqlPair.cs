namespace GeoRegistry.TestKit;

/// <summary>A primary and its standby.</summary>
public sealed class PostgreSqlPair : IAsyncDisposable
{
    private PostgreSqlPair(PostgreSqlServer primary, PostgreSqlServer standby) => (Primary, Standby) = (primary, standby);

    public PostgreSqlServer Primary { get; }

    public PostgreSqlServer Standby { get; }

    /// <summary>How Npgsql reaches whichever is the primary.</summary>
    public string ConnectionString =>
        $"Host=127.0.0.1:{Standby.Port},127.0.0.1:{Primary.Port};Database=postgres;Username={PostgreSqlServer.User};Ssl Mode=Disable";

    /// <summary>Starts both; commits wait for the standby from <see cref="PostgreSqlServer.WaitForStandbyAsync"/> on.</summary>
    public static async Task<PostgreSqlPair> StartAsync()
    {
        var primary = await PostgreSqlServer.StartAsync(inMemory: true);
        return new PostgreSqlPair(primary, await primary.StartStandbyAsync());
    }

    /// <summary>Waits until the standby has all that the primary has now.</summary>
    public async Task CatchUpAsync()
    {
        var end = await Primary.QueryAsync("SELECT pg_current_wal_lsn()");
        await Waiting.UntilAsync(
            "the standby has caught up", async () => await Standby.QueryAsync($"SELECT pg_last_wal_replay_lsn() >= '{end}'") == "t");
    }

    public async ValueTask DisposeAsync()
    {
        await Standby.DisposeAsync();
        await Primary.DisposeAsync();
    }
}
