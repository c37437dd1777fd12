using System.Reflection;
using Xunit.Abstractions;

namespace GeoRegistry.FrontDoor.Tests.Clauses;

/// <summary>Tests of the suite itself: what it covers, and that it says so.</summary>
public sealed class CoverageTests(ITestOutputHelper output)
{
    private static readonly string[] Endpoints =
    [
        "end-1", "end-2", "end-3", "end-4a", "end-4b", "end-4c", "end-5", "end-6", "end-7a", "end-7b", "end-8a", "end-8b",
        "end-9", "end-10", "end-11", "end-12a", "end-12b", "end-13", "end-14",
    ];

    [Fact]
    public void Endpoints_OfTheSpecification_AreEachCovered()
    {
        var covering = Tests()
            .SelectMany(
                test => test.GetCustomAttributes<EndpointAttribute>().Concat(test.DeclaringType!.GetCustomAttributes<EndpointAttribute>()),
                (test, attribute) => (test, attribute))
            .SelectMany(pair => pair.attribute.Ids, (pair, id) => (id, pair.test))
            .ToLookup(pair => pair.id, pair => pair.test);
        foreach (var id in Endpoints) output.WriteLine($"{id,-8} {covering[id].Distinct().Count(),3} tests");

        AssertNone(
            "endpoints with less than two classes of tests",
            Endpoints.Where(id => covering[id].DistinctBy(test => test.DeclaringType).Count() < 2));
        AssertNone("endpoints that are not in the table", covering.Select(group => group.Key).Except(Endpoints));
    }

    [Fact]
    public void Clauses_OfTheSpecificationThatBindARegistry_AreEachProven()
    {
        var specified = SpecClauses.All;
        var proven = Quoted().Select(clause => (clause.Section, clause.Level, clause.Quote)).ToHashSet();
        output.WriteLine($"{specified.Count(clause => clause.Reason is null)} of {specified.Count} clauses are proven here.");
        AssertNone(
            "clauses without a test",
            specified.Where(clause => clause.Reason is null && !proven.Contains((clause.Section, clause.Level, clause.Quote))));
    }

    [Fact]
    public void Clauses_QuotedAsMustOrShould_AreInTheSpecification()
    {
        var specified = SpecClauses.All.Select(clause => (clause.Section, clause.Level, clause.Quote)).ToHashSet();
        var quoted = Quoted()
            .Where(clause => clause.Level is Must or Should)
            .Select(clause => (clause.Section, clause.Level, clause.Quote));
        AssertNone("quotes that are not in spec-clauses.txt", quoted.Except(specified));
    }

    [Fact]
    public void Tests_AgainstTheRegistry_EachCarryAClause()
    {
        var tests = Tests().Where(test => test.DeclaringType!.IsSubclassOf(typeof(ConformanceTest))).ToList();
        output.WriteLine($"{tests.Count} tests");
        AssertNone(
            "tests without a clause",
            tests
                .Where(test => !test.GetCustomAttributes<ClauseAttribute>().Any())
                .Select(test => $"{test.DeclaringType!.Name}.{test.Name}"));
    }

    [Fact]
    public void Tests_ByTheirNames_SayMethodConditionOutcome() =>
        AssertNone("names of another form", Tests().Select(test => test.Name).Where(name => name.Split('_').Length != 3));

    private static void AssertNone<T>(string what, IEnumerable<T> found)
    {
        var lines = found.Select(item => $"{item}").ToArray();
        Assert.True(lines.Length == 0, $"There are {what}:\n{string.Join('\n', lines)}");
    }

    private static IEnumerable<ClauseAttribute> Quoted() => Tests().SelectMany(test => test.GetCustomAttributes<ClauseAttribute>());

    private static IEnumerable<MethodInfo> Tests() =>
        typeof(CoverageTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null);
}
