using System.Text;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Topologies;
using static GeoRegistry.Regions.Tests.Documents;

namespace GeoRegistry.Regions.Tests.Topologies;

public sealed class TopologyReaderTests
{
    private static readonly RegionId Eu = RegionId.Parse("eu"), Us = RegionId.Parse("us");

    [Theory]
    [InlineData("0", "version is 0: it starts at 1 and grows with every change.")]
    [InlineData("-1", "version is -1: it starts at 1 and grows with every change.")]
    public void Read_VersionBelowOne_IsAFault(string version, string fault) => Assert.Equal([fault], FaultsOf(Of(version)));

    [Theory]
    [InlineData(
        """[{"id":"EU","peer":"http://a:1"},{"id":"eu","peer":"http://b:1"}]""",
        "'EU' is not a region id: use 1 to 16 lower-case letters, digits and inner dashes, a letter first.")]
    [InlineData(
        """[{"peer":"http://a:1"},{"id":"eu","peer":"http://b:1"}]""",
        "'' is not a region id: use 1 to 16 lower-case letters, digits and inner dashes, a letter first.")]
    [InlineData(
        """[{"id":"us"},{"id":"eu","peer":"http://b:1"}]""",
        "region us: peer is '', which is not an address: use a form such as https://eu.example.com:6001.")]
    [InlineData(
        """[{"id":"us","peer":"ftp://a:1"},{"id":"eu","peer":"http://b:1"}]""",
        "region us: peer is 'ftp://a:1', which is not an address: use a form such as https://eu.example.com:6001.")]
    [InlineData(
        """[{"id":"us","peer":"http://a:1/x"},{"id":"eu","peer":"http://b:1"}]""",
        "region us: peer is 'http://a:1/x', which is not an address: use a form such as https://eu.example.com:6001.")]
    [InlineData("""[{"id":"eu","peer":"http://a:1"},{"id":"eu","peer":"http://b:1"}]""", "region eu is listed twice in regions.")]
    [InlineData(
        """[{"id":"eu","peer":"http://a:1"},{"id":"us","peer":"http://a:1/"}]""",
        "eu and us have the same peer address http://a:1/: each region has its own.")]
    [InlineData("""[{"id":"eu","peer":"http://a:1"},null]""", "regions has an entry that is null: remove it.")]
    public void Read_Regions_EachFaultIsTold(string regions, string fault) => Assert.Equal([fault], FaultsOf(Of(regions: regions)));

    [Fact]
    public void Read_TooManyRegions_IsAFault()
    {
        var regions = string.Join(
            ",", Enumerable.Range(0, 17).Select(i => $$"""{"id":"{{(i == 0 ? "eu" : $"r{i}")}}","peer":"http://a:{{i + 1}}"}"""));

        Assert.Equal(["regions has 17 entries: 1 to 16 are possible."], FaultsOf(Of(regions: $"[{regions}]")));
    }

    [Theory]
    [InlineData("""[{"prefix":"team","region":"eu"}]""", "homes lacks a rule with the prefix \"\": every repository needs a home.")]
    [InlineData("""[{"prefix":"","region":"mars"}]""", "homes, prefix '': 'mars' is not one of the regions eu, us, ap.")]
    [InlineData("""[{"prefix":""}]""", "homes, prefix '': '' is not one of the regions eu, us, ap.")]
    [InlineData(
        """[{"prefix":"","region":"eu","epoch":0}]""",
        "homes, prefix '': epoch is 0; it starts at 1 and grows with every change of the home.")]
    [InlineData(
        """[{"prefix":"","region":"eu"},{"prefix":"Team","region":"eu"}]""",
        "homes: the prefix 'Team' is not the beginning of a repository name in whole components, such as team or team/app.")]
    [InlineData(
        """[{"prefix":"","region":"eu"},{"prefix":"team/","region":"eu"}]""",
        "homes: the prefix 'team/' is not the beginning of a repository name in whole components, such as team or team/app.")]
    [InlineData("""[{"prefix":"","region":"eu"},{"prefix":"","region":"us"}]""", "homes: the prefix '' is listed twice.")]
    [InlineData("""[{"prefix":"","region":"eu"},null]""", "homes has an entry that is null: remove it.")]
    public void Read_Homes_EachFaultIsTold(string homes, string fault) => Assert.Equal([fault], FaultsOf(Of(homes: homes)));

    [Fact]
    public void Read_HomeWithoutAPrefix_IsAFault() =>
        Assert.Contains("homes: an entry lacks its prefix; \"\" matches every repository.", FaultsOf(Of(homes: """[{"region":"eu"}]""")));

    [Theory]
    [InlineData(
        """[{"prefix":"team","regions":[]}]""",
        "policies, prefix 'team': regions is empty; name one or more, or leave it out for all.")]
    [InlineData(
        """[{"prefix":"team","regions":["eu","mars"]}]""",
        "policies, prefix 'team': 'mars' is not one of the regions eu, us, ap.")]
    [InlineData("""[{"prefix":"team","regions":["eu",null]}]""", "policies, prefix 'team': '' is not one of the regions eu, us, ap.")]
    [InlineData(
        """[{"prefix":"team","hydration":"soon"}]""",
        "policies, prefix 'team': hydration is 'soon'; it is eager (the default) or lazy.")]
    [InlineData(
        """[{"prefix":"team","reads":"any"}]""",
        "policies, prefix 'team': reads is 'any'; it is nearest (the default) or strict.")]
    [InlineData(
        """[{"prefix":"team","durability":"most"}]""",
        "policies, prefix 'team': durability is 'most'; it is local, one, majority or all.")]
    [InlineData(
        """[{"prefix":"team","hydration":"lazy","durability":"one"}]""",
        "policies, prefix 'team': durability 'one' cannot be kept by lazy hydration; make it eager, or leave durability out.")]
    [InlineData("""[{"prefix":"team"},{"prefix":"team"}]""", "policies: the prefix 'team' is listed twice.")]
    [InlineData("""[{"regions":["eu"]}]""", "policies: an entry lacks its prefix; \"\" matches every repository.")]
    [InlineData(
        """[{"prefix":"team","regions":["us","ap"]}]""",
        "the home of 'team' is eu, which its policy leaves out: add it to the policy's regions, or give the prefix a home among us, ap.")]
    [InlineData("""[null]""", "policies has an entry that is null: remove it.")]
    public void Read_Policies_EachFaultIsTold(string policies, string fault) => Assert.Equal([fault], FaultsOf(Of(policies: policies)));

    /// <summary>A home below a policy, and a policy below a home: each meets the other's longest prefix.</summary>
    [Fact]
    public void Read_HomeBelowAPolicyThatLeavesItOut_IsAFault()
    {
        var faults = FaultsOf(Of(
            homes: """[{"prefix":"","region":"eu"},{"prefix":"team/app","region":"us"}]""",
            policies: """[{"prefix":"team","regions":["eu"]}]"""));

        Assert.Equal(
            [
                "the home of 'team/app' is us, which its policy leaves out: "
                + "add it to the policy's regions, or give the prefix a home among eu.",
            ],
            faults);
    }

    [Fact]
    public void Read_ManyFaults_TellsAllAtOnce()
    {
        var faults = FaultsOf(Of(
            "0",
            """[{"id":"eu","peer":"http://a:1"},{"id":"US","peer":"nowhere"}]""",
            """[{"prefix":"team","region":"mars","epoch":0}]""",
            """[{"prefix":"x","hydration":"soon","reads":"any","durability":"most"}]"""));

        Assert.Equal(9, faults.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"version":"one"}""")]
    [InlineData("""{"version":1,"reigons":[]}""")]
    public void Read_NoTopology_IsOneFault(string json) =>
        Assert.StartsWith("it is not the JSON of a topology: ", Assert.Single(FaultsOf(json)), StringComparison.Ordinal);

    [Fact]
    public void Read_CommentsAndTrailingCommas_AreSkipped()
    {
        var topology = Read("// ours\n" + Of(homes: """[{"prefix":"","region":"eu",}, /* all */]"""));

        Assert.Equal(3, topology.Regions.Count);
        Assert.Equal(new Home(Eu, 1), topology.HomeOf(RepositoryName.Parse("any")));
    }

    [Theory]
    [InlineData("team/app", "ap")]
    [InlineData("team/app/web", "ap")]
    [InlineData("team/apple", "us")]
    [InlineData("team", "us")]
    [InlineData("teams", "eu")]
    [InlineData("other/team/app", "eu")]
    public void HomeOf_Name_IsThatOfTheLongestPrefixOfWholeComponents(string name, string home)
    {
        var topology = Read(Of(
            homes: """[{"prefix":"team/app","region":"ap"},{"prefix":"","region":"eu"},{"prefix":"team","region":"us"}]"""));

        Assert.Equal(home, topology.HomeOf(RepositoryName.Parse(name)).Region.ToString());
    }

    [Fact]
    public void PolicyOf_NoRule_IsAllRegionsEagerLocalNearest()
    {
        var policy = Read(Of()).PolicyOf(RepositoryName.Parse("team/app"));

        Assert.Equal(["eu", "us", "ap"], policy.Regions.Select(region => region.ToString()));
        Assert.Equal((false, Durability.Local, false), (policy.IsLazy, policy.Durability, policy.IsStrict));
        Assert.True(policy.Allows(Us));
        Assert.False(policy.Allows(RegionId.Parse("mars")));
    }

    [Theory]
    [InlineData("local", 0)]
    [InlineData("one", 2)]
    [InlineData("majority", 2)]
    [InlineData("all", 3)]
    public void RegionsFor_Durability_IsHowManyHaveToBeComplete(string durability, int count)
    {
        var policy = Read(Of(policies: $$"""[{"prefix":"","durability":"{{durability}}"}]""")).PolicyOf(RepositoryName.Parse("x"));

        Assert.Equal(count, policy.RegionsFor(policy.Durability));
    }

    [Fact]
    public void RegionsFor_OneOfASingleRegion_IsThatOne() =>
        Assert.Equal(
            1,
            Read(Of(policies: """[{"prefix":"","regions":["eu"],"durability":"one"}]"""))
                .PolicyOf(RepositoryName.Parse("x"))
                .RegionsFor(Durability.One));

    [Fact]
    public void Write_WhatWasRead_ReadsTheSame()
    {
        var written = TopologyReader.Write(Read(Of(
            "7",
            homes: """[{"prefix":"","region":"eu","epoch":3},{"prefix":"team","region":"us"}]""",
            policies:
                """[{"prefix":"team","regions":["us","ap"],"hydration":"lazy","reads":"strict"},"""
                + """{"prefix":"x","durability":"majority"}]""")));
        var again = Read(Encoding.UTF8.GetString(written));

        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(TopologyReader.Write(again)));
        Assert.Equal(7, again.Version);
        Assert.Equal(new Home(Eu, 3), again.HomeOf(RepositoryName.Parse("any")));
        var policy = again.PolicyOf(RepositoryName.Parse("team/app"));
        Assert.True(policy is { IsLazy: true, IsStrict: true, Durability: Durability.Local });
        Assert.Equal(Durability.Majority, again.PolicyOf(RepositoryName.Parse("x")).Durability);
    }
}
