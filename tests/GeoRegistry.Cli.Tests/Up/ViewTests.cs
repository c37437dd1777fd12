using System.Text.Json;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using GeoRegistry.Cli.Replication;
using GeoRegistry.Cli.Tests.Replication;
using GeoRegistry.Cli.Up;

namespace GeoRegistry.Cli.Tests.Up;

public sealed class ViewTests
{
    private static readonly ReplicationReport Report = JsonSerializer.Deserialize(
        Documents.Replication, ApiJson.Default.ReplicationReport)!;

    [Fact]
    public void Table_OfReachableAndEndedRegions_ShowsEach()
    {
        using var output = new StringWriter();
        var table = LiveView.TableOf(
            [("eu", "http://127.0.0.1:1", true), ("us", "http://127.0.0.1:2", true), ("ap", "http://127.0.0.1:3", false)], Report);

        new CliConsole(output, TextWriter.Null).Ansi.Write(table);

        var rows = output.ToString().Split('\n')
            .Where(line => line.Contains("127.0.0.1", StringComparison.Ordinal) || line.Contains("down", StringComparison.Ordinal))
            .Select(line => string.Join('|', line.Split('│', '|').Select(cell => cell.Trim()).Where(cell => cell.Length > 0)));
        Assert.Equal(
            [
                "eu|http://127.0.0.1:1|(all others), eu-team|1203|us 120/120|-|0 s",
                "us|http://127.0.0.1:2|us-team|120|eu 1200/1203 (connecting)|2 commits, 1.5 MiB, 1 dead letter|1.2 s",
                "ap|down|-|-|-|-|-",
            ],
            rows);
    }

    [Fact]
    public void Line_OfAllRegions_SaysWhatIsPending() => Assert.Equal(
        "eu: head 1203, applied us 120/120; "
        + "us: head 120, applied eu 1200/1203 (connecting), pending 2 commits, 1.5 MiB, 1 dead letter; "
        + "ap: did not answer",
        LineView.LineOf(Report));
}
