using System.Text;
using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Regions.Tests.Topologies;

public sealed class TopologySuccessionTests
{
    private const string Eu = """{ "prefix": "", "region": "eu" }""", TeamInUs = """{ "prefix": "team", "region": "us" }""";

    /// <summary>Nothing of the old ones is taken then.</summary>
    [Fact]
    public void WithIncarnation_OfARegion_RaisesTheEpochsOfItsHomesAlone()
    {
        var next = Topology(3, Eu, TeamInUs).WithIncarnation(RegionId.Parse("eu"), Incarnation.New());

        Assert.Equal((4L, 2L, 1L), (next.Version, next.Homes.Single(rule => rule.Prefix.Length == 0).Home.Epoch,
            next.Homes.Single(rule => rule.Prefix == "team").Home.Epoch));
    }

    [Fact]
    public void FindFaultAtStart_TheSameOrANewerDocument_IsNone()
    {
        Assert.Null(TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(3, Eu)));
        Assert.Null(TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(9, Eu)));
        Assert.Null(TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(4, """{ "prefix": "", "region": "eu", "epoch": 2 }""")));
        Assert.Null(TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(4, """{ "prefix": "", "region": "us", "epoch": 2 }""")));
    }

    [Fact]
    public void FindFaultAtStart_AnOlderDocument_NamesBothVersions() => Assert.Equal(
        "the topology has version 2, and this region has already adopted version 3: "
        + "give it the newer document, or, to go back to the older content, raise its version above 3",
        TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(2, Eu)));

    [Fact]
    public void FindFaultAtStart_OtherContentUnderTheSameVersion_IsAFault()
    {
        Assert.Contains("raise its version with every change",
            TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(3, Eu, TeamInUs)), StringComparison.Ordinal);
        Assert.Contains(
            "raise its version with every change",
            TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(3, """{ "prefix": "", "region": "us", "epoch": 2 }""")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        """{ "prefix": "", "region": "us", "epoch": 5 }""",
        "moves the home of '' from eu (epoch 5) to us (epoch 5): what only eu has would be lost",
        "give the prefix an epoch above 5")]
    [InlineData(
        """{ "prefix": "", "region": "us", "epoch": 4 }""",
        "moves the home of '' from eu (epoch 5) to us (epoch 4)",
        "give the prefix an epoch above 5")]
    [InlineData("""{ "prefix": "", "region": "eu", "epoch": 4 }""", "sets the epoch of '' back from 5 to 4", "Give it 5 or more")]
    public void FindFaultAtStart_AHomeThatMovesWithoutAHigherEpoch_SaysWhatWouldBeLostAndTheRemedy(
        string home, string fault, string wayOut)
    {
        var found = TopologySuccession.FindFaultAtStart(
            Topology(3, """{ "prefix": "", "region": "eu", "epoch": 5 }"""), Topology(4, home));
        Assert.Contains(fault, found, StringComparison.Ordinal);
        Assert.Contains(wayOut, found, StringComparison.Ordinal);
    }

    /// <summary>A prefix that appears or goes moves what is below it, from and to the home of the longer or shorter prefix.</summary>
    [Fact]
    public void FindFaultAtStart_APrefixThatAppearsOrGoes_MovesWhatIsBelowIt()
    {
        Assert.Contains("moves the home of 'team' from eu (epoch 1) to us (epoch 1)",
            TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(4, Eu, TeamInUs)), StringComparison.Ordinal);
        Assert.Contains("moves the home of 'team' from us (epoch 1) to eu (epoch 1)",
            TopologySuccession.FindFaultAtStart(Topology(3, Eu, TeamInUs), Topology(4, Eu)), StringComparison.Ordinal);
        Assert.Null(TopologySuccession.FindFaultAtStart(Topology(3, Eu), Topology(4, Eu, """{ "prefix": "team", "region": "eu" }""")));
        Assert.Null(TopologySuccession.FindFaultAtStart(
            Topology(3, Eu), Topology(4, Eu, """{ "prefix": "team", "region": "us", "epoch": 2 }""")));
    }

    [Fact]
    public void FindFaultWhileRunning_AHomeThatMoves_IsAFaultWhateverItsEpoch()
    {
        Assert.Contains(
            "cannot be done while regions run",
            TopologySuccession.FindFaultWhileRunning(Topology(3, Eu), Topology(4, """{ "prefix": "", "region": "us", "epoch": 2 }""")),
            StringComparison.Ordinal);
        Assert.Contains(
            "back from 2 to 1",
            TopologySuccession.FindFaultWhileRunning(Topology(3, """{ "prefix": "", "region": "eu", "epoch": 2 }"""), Topology(4, Eu)),
            StringComparison.Ordinal);
        Assert.Null(TopologySuccession.FindFaultWhileRunning(
            Topology(3, Eu), Topology(4, """{ "prefix": "", "region": "eu", "epoch": 2 }""")));
    }

    [Fact]
    public void FindFaultOfStore_OlderOrAnotherOfTheSameVersion_SaysTheVersionToPut()
    {
        Assert.Null(TopologySuccession.FindFaultOfStore(Topology(3, Eu), Topology(3, Eu)));
        Assert.Null(TopologySuccession.FindFaultOfStore(Topology(3, Eu), Topology(4, Eu)));
        foreach (var stored in new[] { Topology(2, Eu), Topology(3, Eu, TeamInUs) })
        {
            Assert.Contains(
                "with a version above 3", TopologySuccession.FindFaultOfStore(Topology(3, Eu), stored), StringComparison.Ordinal);
        }
    }

    private static Topology Topology(long version, params IReadOnlyList<string> homes)
    {
        var document = $$"""
            { "version": {{version}},
              "regions": [ { "id": "eu", "peer": "http://eu:1" }, { "id": "us", "peer": "http://us:1" } ],
              "homes": [ {{string.Join(", ", homes)}} ] }
            """;
        var topology = TopologyReader.Read(Encoding.UTF8.GetBytes(document), out var faults);
        Assert.Empty(faults);
        return topology!;
    }
}
