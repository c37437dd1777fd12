namespace GeoRegistry.Cli.Tests.Replication;

/// <summary>What the API answers, as its contract has it.</summary>
internal static class Documents
{
    public const string Replication = """
        { "region": "eu", "topology": 1, "regions": [
          { "region": "eu", "reachable": true, "home_of": ["", "eu-team"], "feed": 1203,
            "sources": [ { "region": "us", "state": "live", "applied": 120, "head": 120, "pending_commits": 0, "pending_blobs": 0,
                           "pending_bytes": 0, "dead_letters": 0, "lag_seconds": 0, "heard_seconds": 0.2 } ],
            "complete_p50_seconds": 0.09, "complete_p99_seconds": 0.31, "applied_p50_seconds": 0.04, "applied_p99_seconds": 0.06 },
          { "region": "us", "reachable": true, "home_of": ["us-team"], "feed": 120,
            "sources": [ { "region": "eu", "state": "connecting", "applied": 1200, "head": 1203, "pending_commits": 2, "pending_blobs": 3,
                           "pending_bytes": 1572864, "dead_letters": 1, "lag_seconds": 1.24, "heard_seconds": 0.05 } ],
            "complete_p50_seconds": null, "complete_p99_seconds": null, "applied_p50_seconds": null, "applied_p99_seconds": null },
          { "region": "ap", "reachable": false, "error": "it did not answer within 2 s" } ] }
        """;

    public const string TroubledReplication = """
        { "region": "us", "topology": 1, "regions": [
          { "region": "eu", "reachable": true, "home_of": [""], "feed": 3, "sources": [], "closed": "it lost commits", "unrepaired": 0 },
          { "region": "us", "reachable": true, "home_of": [], "feed": 0, "unrepaired": 2,
            "sources": [ { "region": "eu", "state": "live", "applied": 3, "head": 3, "pending_commits": 0, "pending_blobs": 0,
                           "pending_bytes": 0, "dead_letters": 0, "lag_seconds": 0, "heard_seconds": 0.2, "set_aside": 1 } ] } ] }
        """;

    public const string Lag = """
        { "repositories": [
            { "region": "us", "repository": "team/app", "pending_commits": 1, "pending_blobs": 2, "pending_bytes": 5,
              "oldest_seconds": 1.5 } ],
          "unreachable": ["ap"] }
        """;

    public const string Blobs = """
        { "blobs": [
          { "region": "us", "digest": "sha256:aa", "size_bytes": 2048, "from": "eu", "repository": "team/app", "attempts": 3,
            "age_seconds": 12.5, "retry_in_seconds": 3.2, "error": "broken\u001b[2J off" },
          { "region": "ap", "digest": "sha256:bb", "size_bytes": 1, "from": "eu", "repository": "team/app", "attempts": 0,
            "age_seconds": 0.5, "retry_in_seconds": null, "error": null } ],
          "unreachable": [] }
        """;
}
