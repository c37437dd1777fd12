using System.Text.RegularExpressions;

namespace GeoRegistry.Architecture.Tests;

/// <summary>Small rules of shape that are worth having always.</summary>
public sealed partial class SourceShapeTests
{
    private const int MaxFileLines = 400, MaxProgramLines = 60, MaxColumns = 139;

    private static readonly string[] Folders = ["src", "tests", "benchmarks", "cluster-config"];

    [Fact]
    public void Files_OfSrc_AreNoLongerThanAllowed()
    {
        var files = Sources.Files("src", ".cs").ToArray();

        Assert.NotEmpty(files);
        Assert.Empty(files.Where(file => File.ReadLines(file).Count() > MaxFileLines).Select(Sources.Name));
    }

    [Fact]
    public void Programs_OfSrc_AreTablesOfContents()
    {
        var programs = Sources.Files("src", ".cs").Where(file => Path.GetFileName(file) == "Program.cs").ToArray();

        Assert.NotEmpty(programs);
        Assert.Empty(programs.Where(file => File.ReadLines(file).Count() > MaxProgramLines).Select(Sources.Name));
    }

    [Fact]
    public void Lines_OfAllCode_StayUnder140Columns() => Assert.Empty(
        Folders.SelectMany(folder => Sources.Files(folder, ".cs"))
            .SelectMany(file => File.ReadLines(file).Select((line, i) => (File: Sources.Name(file), Number: i + 1, line.Length)))
            .Where(line => line.Length > MaxColumns)
            .Select(line => $"{line.File}:{line.Number} has {line.Length} columns"));

    /// <summary>A test that is skipped is one that nobody sees fail.</summary>
    [Fact]
    public void Tests_OfAllProjects_SkipNothing() =>
        Assert.Empty(Sources.Files("tests", ".cs").Where(file => SkippedTest().IsMatch(File.ReadAllText(file))).Select(Sources.Name));

    /// <summary>xunit 2 never calls it: folders and servers would stay. <c>IAsyncLifetime</c> it calls.</summary>
    [Fact]
    public void Tests_OfAllProjects_AreNotDisposedByAnInterfaceThatNobodyCalls() => Assert.Empty(
        Sources.Files("tests", ".cs").Where(file => NeverDisposedTest().IsMatch(File.ReadAllText(file))).Select(Sources.Name));

    [Fact]
    public void Files_OfTheRepository_NameNoPathOfOneMachine() =>
        Assert.Empty(
            Folders.SelectMany(folder => Sources.Files(folder, ".cs", ".csproj", ".props", ".json", ".sh", ".yml", ".yaml", ".md", ".cfg"))
            .SelectMany(file => MachinePath().Matches(File.ReadAllText(file)).Select(match => $"{Sources.Name(file)}: {match.Value}")));

    [Fact]
    public void Projects_OfTests_MirrorAProjectOfSrcOrAreNamedHere()
    {
        string[] others =
        [
            "GeoRegistry.Architecture.Tests",
            "GeoRegistry.Clients.Tests",
            "GeoRegistry.Cluster.Tests",
            "GeoRegistry.Conformance.Tests",
            "GeoRegistry.TestKit",
        ];
        var projects = Sources.Files("src", ".csproj").Select(file => $"{Path.GetFileNameWithoutExtension(file)}.Tests");

        Assert.Empty(Sources.Files("tests", ".csproj").Select(Path.GetFileNameWithoutExtension).Except(projects).Except(others));
    }

    [GeneratedRegex(@"\bpublic (sealed |abstract )?class \w+Tests?\b[^{]*\bIAsyncDisposable\b")]
    private static partial Regex NeverDisposedTest();

    [GeneratedRegex(@"\bSkip\s*=\s*[""$@n]")]
    private static partial Regex SkippedTest();

    [GeneratedRegex(@"(?<![\w.~\-})])(/[w]ork/|/[h]ome/[a-z]|/[U]sers/[A-Za-z]|/[r]oot/|[A-Z]:\\[U]sers)")]
    private static partial Regex MachinePath();
}
