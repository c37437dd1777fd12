namespace GeoRegistry.Protocol.Tests;

public sealed class RepositoryNameTests
{
    [Fact]
    public void TryParse_GeneratedTexts_AgreesWithTheSpecification() => SpecPatterns.Agree(
        ["a", "z", "0", "9", "abc", ".", "_", "__", "-", "--", "/", "A", "é", " ", "\n", "\0", ":", "٣"],
        text => RepositoryName.TryParse(text, out _), SpecPatterns.Name(), RepositoryName.MaxLength);

    [Fact]
    public void TryParse_TextsOfSeparatorsAndLetters_AgreesWithTheSpecification() => SpecPatterns.Agree(
        ["a", "1", ".", "_", "-", "/"], text => RepositoryName.TryParse(text, out _), SpecPatterns.Name(), RepositoryName.MaxLength);

    [Theory]
    [InlineData("a")]
    [InlineData("library/debian")]
    [InlineData("a.b/c_d/e__f/g-h/i---j")]
    [InlineData("0/1/2/3")]
    public void TryParse_Name_IsTakenUnchanged(string text)
    {
        Assert.True(RepositoryName.TryParse(text, out var name));
        Assert.Equal(text, name.ToString());
        Assert.Equal(RepositoryName.Parse(text), name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("a___b")]
    [InlineData("a..b")]
    [InlineData("a._b")]
    [InlineData("a-_b")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("Library/debian")]
    [InlineData("a/../b")]
    [InlineData("a\n")]
    [InlineData("a%2fb")]
    public void TryParse_NoName_IsRefused(string text)
    {
        Assert.False(RepositoryName.TryParse(text, out var name));
        Assert.Equal("", name.ToString());
        Assert.Throws<FormatException>(() => RepositoryName.Parse(text));
    }

    [Fact]
    public void TryParse_LongestName_IsTakenAndOneMoreRefused()
    {
        Assert.True(RepositoryName.TryParse(new string('a', RepositoryName.MaxLength), out _));
        Assert.False(RepositoryName.TryParse(new string('a', RepositoryName.MaxLength + 1), out _));
    }

    [Fact]
    public void CompareTo_Names_IsTheOrderOfBytes()
    {
        string[] ordered = ["a", "a-b", "a.b", "a/b", "a0", "a_b", "b"];

        Assert.Equal(ordered, ordered.Reverse().Select(RepositoryName.Parse).Order().Select(name => name.ToString()));
    }
}
