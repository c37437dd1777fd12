using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Verification;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Verification;

public sealed class VerificationProgressTests
{
    private readonly VerificationProgress _progress = new(new RegionMap(Eu, Of([(Eu, "http://127.0.0.1:1")], "[]")));

    /// <summary>However many they are: one that were forgotten would be neither repaired nor counted as left.</summary>
    [Fact]
    public void Repaired_EachOfManyFindings_IsKnown()
    {
        var names = Enumerable.Range(0, 10 * VerificationProgress.MaxListed).Select(i => $"{i}").ToList();
        foreach (var name in names) Assert.True(_progress.Found("blob", name, "damaged"));
        Assert.Equal((names.Count, 0), (_progress.Read().Found, _progress.Read().Repaired));
        Assert.Equal(names, _progress.Open("blob"));

        foreach (var name in names.Skip(1)) Assert.True(_progress.Repaired("blob", name));

        var status = _progress.Read();
        Assert.Equal((names.Count, names.Count - 1), (status.Found, status.Repaired));
        Assert.Equal(VerificationProgress.MaxListed, status.Findings.Count);
        Assert.Equal(("0", false), (status.Findings[^1].Name, status.Findings[^1].Repaired));
        Assert.Equal(["0"], _progress.Open("blob"));
    }

    [Fact]
    public void Found_KnownAndNotRepaired_IsNotNew()
    {
        Assert.True(_progress.Found("ledger", "a", "damaged"));
        Assert.False(_progress.Found("ledger", "a", "damaged"));
        Assert.True(_progress.Found("blob", "a", "damaged"));
        Assert.True(_progress.Repaired("ledger", "a"));
        Assert.False(_progress.Repaired("ledger", "a"));
        Assert.True(_progress.Found("ledger", "a", "damaged again"));
    }

    [Fact]
    public void Found_MoreThanAreRemembered_AreFoundWhenSomeAreRepaired()
    {
        for (var i = 0; i < VerificationProgress.MaxOpen; i++) Assert.True(_progress.Found("blob", $"{i}", "damaged"));
        Assert.False(_progress.Found("blob", "more", "damaged"));
        Assert.True(_progress.Repaired("blob", "7"));

        Assert.True(_progress.Found("blob", "more", "damaged"));
    }

    /// <summary>A pass that was asked for reports of what it finds, and of what is still open.</summary>
    [Fact]
    public void Begin_PassThatWasAskedFor_ForgetsWhatIsRepaired()
    {
        _progress.Found("blob", "a", "damaged");
        _progress.Found("blob", "b", "damaged");
        _progress.Repaired("blob", "a");
        _progress.Begin();
        Assert.Equal((2, 1), (_progress.Read().Found, _progress.Read().Repaired));

        _progress.Request();
        _progress.Begin();

        Assert.Equal((1, 0), (_progress.Read().Found, _progress.Read().Repaired));
        Assert.Equal("b", Assert.Single(_progress.Read().Findings).Name);
    }
}
