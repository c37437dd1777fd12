namespace GeoRegistry.Protocol.Tests;

public sealed class TagTests
{
    [Fact]
    public void TryParse_GeneratedTexts_AgreesWithTheSpecification() => SpecPatterns.Agree(
        ["a", "Z", "0", "_", ".", "-", "latest", new('x', 60), "/", ":", " ", "\n", "\0", "é", "ſ", "٣", "@"],
        text => Tag.TryParse(text, out _), SpecPatterns.Tag());

    [Theory]
    [InlineData("latest")]
    [InlineData("_")]
    [InlineData("1.2.3-rc.1_x")]
    [InlineData("V")]
    public void TryParse_Tag_IsTakenUnchanged(string text)
    {
        Assert.True(Tag.TryParse(text, out var tag));
        Assert.Equal(text, tag.ToString());
        Assert.Equal(Tag.Parse(text), tag);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("-flag")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("sha256:abc")]
    [InlineData("latest\n")]
    public void TryParse_NoTag_IsRefused(string? text)
    {
        Assert.False(Tag.TryParse(text, out var tag));
        Assert.Equal("", tag.ToString());
    }

    [Fact]
    public void TryParse_LongestTag_IsTakenAndOneMoreRefused()
    {
        Assert.True(Tag.TryParse(new string('a', Tag.MaxLength), out _));
        Assert.False(Tag.TryParse(new string('a', Tag.MaxLength + 1), out _));
    }

    [Fact]
    public void Parse_NoTag_Throws() => Assert.Throws<FormatException>(() => Tag.Parse("no tag"));

    [Fact]
    public void CompareTo_UpperAndLowerCase_IsTheOrderOfBytes()
    {
        string[] ordered = ["0", "A", "Z", "_", "a", "z"];

        Assert.Equal(ordered, ordered.Reverse().Select(Tag.Parse).Order().Select(tag => tag.ToString()));
    }
}
