using System.Text;
using System.Text.Json;

namespace GeoRegistry.Cli.Up;

/// <summary>The topology file of a cluster on this machine: writes the first, and reads what <c>up</c> must know of any.</summary>
internal static class LocalTopology
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Writes a topology in which each region is the home of something.</summary>
    public static string Write(IReadOnlyList<(string Id, Uri Peer)> regions)
    {
        var peers = regions.Select(
            region => $$"""{ "id": "{{region.Id}}", "peer": "{{region.Peer.GetLeftPart(UriPartial.Authority)}}" }""");
        var homes = regions.Skip(1).Select(region => $$"""{ "prefix": "{{region.Id}}-team", "region": "{{region.Id}}", "epoch": 1 }""")
            .Prepend($$"""{ "prefix": "", "region": "{{regions[0].Id}}", "epoch": 1 }""");
        var text = new StringBuilder();
        text.Append($$"""
            // What all regions of this registry agree on. 'georegistry up' wrote it once and keeps your changes; restart it to apply them.
            {
              "version": 1,
              // Where the regions reach each other.
              "regions": [
                {{Lines(peers)}}
              ],
              // The one region that decides about the tags of a repository. The longest prefix wins, "" is all others, and a prefix
              // is of whole parts: us-team matches us-team and us-team/app, not us-teams.
              "homes": [
                {{Lines(homes)}}
              ],
              // How repositories are copied: everywhere and at once, but for those that a prefix here is for, such as
              // {{$$"""{ "prefix": "{{regions[0].Id}}-only", "regions": ["{{regions[0].Id}}"] }""",-50}} kept in these regions
              // {{"""{ "prefix": "cache", "hydration": "lazy" }""",-50}} blobs are fetched when they are first pulled
              // {{"""{ "prefix": "release", "durability": "all" }""",-50}} a push is answered when it is complete everywhere
              "policies": [
              ]
            }

            """);
        return text.ToString();
    }

    /// <summary>Reads the regions of a topology file.</summary>
    /// <returns>The regions, at least one; null where there are none to be found, and <paramref name="fault"/> says why.</returns>
    /// <remarks>The servers validate the rest, and a fault there is reported from their logs.</remarks>
    public static IReadOnlyList<(string Id, Uri Peer)>? Read(string file, out string fault)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file), Lenient);
            var regions = document.RootElement.GetProperty("regions").EnumerateArray()
                .Select(region => (region.GetProperty("id").GetString()!, new Uri(region.GetProperty("peer").GetString()!))).ToList();
            fault = regions.Count == 0 ? $"{file} names no regions." : "";
            return regions.Count == 0 ? null : regions;
        }
        catch (Exception e)
            when (e is JsonException or KeyNotFoundException or InvalidOperationException or UriFormatException or ArgumentNullException)
        {
            fault = $"{file} cannot be read as a topology: {e.Message} Correct it, or delete it to have a new one written.";
            return null;
        }
    }

    private static string Lines(IEnumerable<string> lines) => string.Join(",\n    ", lines);
}
