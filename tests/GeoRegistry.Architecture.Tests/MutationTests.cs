using System.Text.RegularExpressions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Architecture.Tests;

/// <summary>What <c>tests/run-mutations</c> edits and runs is still there: a mutation that fits nothing shows nothing.</summary>
public sealed partial class MutationTests
{
    public static TheoryData<string> Mutations => [.. Files.Select(file => Path.GetFileName(file))];

    private static IEnumerable<string> Files => Sources.Files("tests/mutations", ".mutation");

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Mutation_OfEachFile_FitsItsSourceOnceAndNamesTestsThatAreThere(string name)
    {
        var form = Form().Match(File.ReadAllText(Files.Single(file => Path.GetFileName(file) == name)));
        Assert.True(form.Success, $"tests/mutations/{name} is not as tests/run-mutations --help says.");

        var source = form.Groups["file"].Value;
        var found = File.ReadAllText(Path.Combine(SourceTree.Root, source)).Split(form.Groups["search"].Value).Length - 1;
        Assert.True(found == 1, $"The search text of tests/mutations/{name} is {found} times in {source}: edit it with the source.");

        var (project, type, method) = (form.Groups["project"].Value, form.Groups["type"].Value, form.Groups["method"].Value);
        var texts = Sources.Files($"tests/{project}", ".cs")
            .Where(file => Path.GetFileName(file) == $"{type}.cs")
            .Select(File.ReadAllText);
        Assert.True(
            texts.Any(text => Regex.IsMatch(text, $@"\bclass {type}\b") && Regex.IsMatch(text, $@"\b(Task|void)\S* {method}")),
            $"tests/mutations/{name}: {project} has no test {type} {method}");
    }

    [GeneratedRegex(
        "^Promise: [^\n]+\\.\nFile: (?<file>\\S+)\nTest: (?<project>\\S+) (?<type>\\w+)(\\.(?<method>\\w+))?\n"
        + "--- search\n(?<search>.+?)\n--- replace\n",
        RegexOptions.Singleline)]
    private static partial Regex Form();
}
