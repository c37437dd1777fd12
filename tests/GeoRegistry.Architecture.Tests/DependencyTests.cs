using System.Xml.Linq;

namespace GeoRegistry.Architecture.Tests;

/// <summary>Which project may know which: arrows point one way.</summary>
public sealed class DependencyTests
{
    private static readonly string[]
        Libraries = ["Protocol", "Ledgers", "Repositories", "Regions", "Replication", "Access"],
        Stores = ["Storage", "Storage.PostgreSql", "Storage.Azure"];

    /// <summary>
    /// What each project may refer to; what those may, it may too. The server composes, so it may know all but other
    /// programs.
    /// </summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Protocol"] = [],
        ["Ledgers"] = ["Protocol"],
        ["Storage"] = ["Ledgers"],
        ["Resilience"] = [],
        ["Storage.PostgreSql"] = ["Ledgers", "Resilience"],
        ["Storage.Azure"] = ["Ledgers", "Resilience"],
        ["Repositories"] = ["Ledgers"],
        ["Regions"] = ["Ledgers"],
        ["Replication"] = ["Repositories", "Regions", "Resilience"],
        ["Access"] = ["Ledgers"],
        ["FrontDoor"] = Libraries, // It sees stores through their ports only.
        ["Grains"] = ["Replication", "Access"],
        ["Server"] = [.. Libraries, .. Stores, "Resilience", "FrontDoor", "Grains"],
        ["Balancer"] = ["Regions"],
        ["Cli"] = ["Protocol", "Regions"],
    };

    /// <summary>Programs that a project starts as processes: they are built before it, and none of their code is known to it.</summary>
    private static readonly Dictionary<string, string[]> AllowedToStart = new()
    {
        ["Cli"] = ["Server", "Balancer"],
    };

    public static TheoryData<string> Projects => [.. ProjectFiles().Select(ShortName)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_OfAProject_PointTheAllowedWay(string project)
    {
        Assert.True(Allowed.ContainsKey(project),
            $"GeoRegistry.{project} is new: decide in {nameof(DependencyTests)} and in ARCHITECTURE.md what it may refer to.");
        var allowed = ClosureOf(project);

        Assert.Empty(ReferencesOf(project)
            .Where(reference => !allowed.Contains(reference))
            .Select(reference => $"{project} → {reference}"));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Programs_ThatAProjectStarts_AreAllowed(string project) =>
        Assert.Empty(StartedBy(project)
            .Except(AllowedToStart.GetValueOrDefault(project, []))
            .Select(program => $"{project} starts {program}"));

    [Fact]
    public void References_OfAllProjects_AreProjectsOfTheSameFolder() =>
        Assert.All(ProjectFiles(), file => Assert.All(
            ReferencedFiles(file), reference => Assert.True(
                File.Exists(Path.Combine(Path.GetDirectoryName(file)!, reference)), $"{Sources.Name(file)} → {reference}")));

    [Fact]
    public void Allowed_Arrows_FormNoCircle() => Assert.All(Allowed.Keys, project => Assert.DoesNotContain(project, ClosureOf(project)));

    [Theory]
    [InlineData("Protocol")]
    [InlineData("Ledgers")]
    public void References_OfAPureProject_AreNoPackagesAndNoFrameworks(string project)
    {
        var items = XDocument.Load(FileOf(project)).Descendants().Select(element => element.Name.LocalName);

        Assert.DoesNotContain("PackageReference", items);
        Assert.DoesNotContain("FrameworkReference", items);
    }

    private static HashSet<string> ClosureOf(string project)
    {
        var (closure, open) = (new HashSet<string>(), new Stack<string>(Allowed[project]));
        while (open.TryPop(out var next))
        {
            if (closure.Add(next)) Array.ForEach(Allowed[next], open.Push);
        }

        return closure;
    }

    private static IEnumerable<string> ReferencesOf(string project) =>
        References(FileOf(project)).Where(IsOfCode).Select(FileNamed).Select(ShortName);

    private static IEnumerable<string> StartedBy(string project) =>
        References(FileOf(project)).Where(reference => !IsOfCode(reference)).Select(FileNamed).Select(ShortName);

    private static IEnumerable<string> ReferencedFiles(string projectFile) => References(projectFile).Select(FileNamed);

    private static IEnumerable<XElement> References(string projectFile) => XDocument.Load(projectFile).Descendants("ProjectReference");

    private static string FileNamed(XElement reference) => reference.Attribute("Include")!.Value.Replace('\\', '/');

    /// <summary>Whether the compiler sees the referenced assembly; else the reference only has it built first.</summary>
    private static bool IsOfCode(XElement reference) => reference.Attribute("ReferenceOutputAssembly")?.Value != "false";

    private static string FileOf(string project) => ProjectFiles().Single(file => ShortName(file) == project);

    private static IEnumerable<string> ProjectFiles() => Sources.Files("src", ".csproj");

    private static string ShortName(string projectFile) => Path.GetFileNameWithoutExtension(projectFile)["GeoRegistry.".Length..];
}
