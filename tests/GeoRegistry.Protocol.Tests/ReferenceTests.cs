namespace GeoRegistry.Protocol.Tests;

public sealed class ReferenceTests
{
    private static readonly string Digest256 = Digest.Of([]).ToString();

    [Fact]
    public void TryParse_GeneratedTexts_IsADigestOrATagOrNothing() => SpecPatterns.Agree(
        ["latest", ":", "sha256", "-", ".", "/", Digest256, Digest256[..30], "@", "é"],
        text => Reference.TryParse(text, out _),
        new System.Text.RegularExpressions.Regex($"({SpecPatterns.Tag()})|({SpecPatterns.Digest()})"));

    [Fact]
    public void TryParse_Digest_IsADigest()
    {
        Assert.True(Reference.TryParse(Digest256, out var reference));

        Assert.True(reference.IsDigest);
        Assert.Equal(Digest.Parse(Digest256), reference.Digest);
        Assert.Equal(Digest256, reference.ToString());
        Assert.Equal(Reference.To(Digest.Parse(Digest256)), reference);
    }

    [Fact]
    public void TryParse_Tag_IsATag()
    {
        Assert.True(Reference.TryParse("v1", out var reference));

        Assert.False(reference.IsDigest);
        Assert.Equal(Tag.Parse("v1"), reference.Tag);
        Assert.Equal("v1", reference.ToString());
        Assert.Equal(Reference.To(Tag.Parse("v1")), reference);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256:abc")]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("a/b")]
    public void TryParse_Neither_IsRefused(string text)
    {
        Assert.False(Reference.TryParse(text, out var reference));
        Assert.Equal(default, reference);
    }
}
