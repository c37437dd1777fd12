namespace GeoRegistry.Server.Tests.Durability;

/// <summary>The checker of the durability tests is checked first: one that accepts everything would find nothing.</summary>
public sealed class HistoryTests
{
    private static readonly Register Tag = new("a", RegisterKind.Tag, "t");

    private readonly History _history = new();

    [Fact]
    public void Possible_AcknowledgedOneAfterTheOther_OnlyTheLast()
    {
        Acknowledged("1");
        Acknowledged("2");
        Assert.Equal(["2"], _history.Possible(Tag));
    }

    [Fact]
    public void Possible_AcknowledgedDelete_NothingElse()
    {
        Acknowledged("1");
        Acknowledged(null);
        Assert.Equal([null], _history.Possible(Tag));
    }

    [Fact]
    public void Possible_Overlapping_Either()
    {
        var first = Begin("1");
        var second = Begin("2");
        _history.Acknowledge(second);
        _history.Acknowledge(first);
        Assert.Equal(["1", "2"], _history.Possible(Tag).Order());
    }

    [Fact]
    public void Possible_InFlight_ItAndTheAcknowledged()
    {
        Acknowledged("1");
        Begin("2");
        Assert.Equal(["1", "2"], _history.Possible(Tag).Order());
    }

    [Fact]
    public void Possible_Refused_WhatWasSettled()
    {
        _history.Settle(new Dictionary<Register, string?> { [Tag] = "0" });
        _history.Refuse(Begin("1"));
        Assert.Equal(["0"], _history.Possible(Tag));
    }

    [Fact]
    public void FindTorn_HalfOfAnUnansweredPush_IsFound()
    {
        var other = new Register("a", RegisterKind.Tag, "u");
        _history.Begin(new RegisterWrite(Tag, "1"), new RegisterWrite(other, "1"));
        Assert.Single(_history.FindTorn(new Dictionary<Register, string?> { [Tag] = "1", [other] = null }));
        Assert.Empty(_history.FindTorn(new Dictionary<Register, string?> { [Tag] = "1", [other] = "1" }));
        Assert.Empty(_history.FindTorn(new Dictionary<Register, string?> { [Tag] = null, [other] = null }));
    }

    private RecordedOperation Begin(string? value) => _history.Begin(new RegisterWrite(Tag, value));

    private void Acknowledged(string? value) => _history.Acknowledge(Begin(value));
}
