using System.Diagnostics;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>The README's first command, on the build that the tests have.</summary>
public sealed class DotnetRunTests
{
    [Fact]
    public async Task DotnetRun_InAnyFolder_KeepsItsDataThere()
    {
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo(
            "dotnet",
            [
                "run", "--no-build", "-c", SourceTree.Configuration,
                "--project", Path.Combine(SourceTree.Root, "src", "GeoRegistry.Server"), "--", "--listen", "http://127.0.0.1:0",
            ])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = folder.Path,
        };
        using var run = Process.Start(start)!;
        try
        {
            var line = await run.StandardOutput.ReadLineAsync().OrFail("the line that says where the server listens");
            Assert.Matches($"^GeoRegistry region local listens on http://127.0.0.1:[0-9]+ and keeps its data in {folder.Child("data")}$",
                line);
            Assert.True(File.Exists(Path.Combine(folder.Path, "data", "metadata.db")));
        }
        finally
        {
            run.Kill(entireProcessTree: true);
            await run.WaitForExitAsync().OrFail("the end of the server");
        }
    }
}
