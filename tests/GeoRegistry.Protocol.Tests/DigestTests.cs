using System.Security.Cryptography;

namespace GeoRegistry.Protocol.Tests;

public sealed class DigestTests
{
    private const string EmptySha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly string Hex64 = string.Concat(Enumerable.Repeat("0f", 32));

    [Fact]
    public void TryParse_GeneratedTexts_AgreesWithTheSpecification() => SpecPatterns.Agree(
        ["sha256:", "sha512:", "sha384:", "sha256", ":", "", Hex64, Hex64[..32], "a", "A", "g", "\n", "+", "é"],
        text => Digest.TryParse(text, out _), SpecPatterns.Digest());

    [Fact]
    public void TryParse_NearMisses_AgreesWithTheSpecification() => SpecPatterns.Agree(
        [$"sha256:{Hex64}", $"sha512:{Hex64}{Hex64}", $"sha256:{Hex64[1..]}", "", "", "a"],
        text => Digest.TryParse(text, out _), SpecPatterns.Digest());

    [Theory]
    [InlineData(DigestAlgorithm.Sha256, "sha256", 32)]
    [InlineData(DigestAlgorithm.Sha512, "sha512", 64)]
    public void Of_Content_NamesItsHash(DigestAlgorithm algorithm, string name, int sizeBytes)
    {
        var hash = algorithm == DigestAlgorithm.Sha256 ? SHA256.HashData("content"u8) : SHA512.HashData("content"u8);

        var digest = Digest.Of("content"u8, algorithm);

        Assert.Equal($"{name}:{Convert.ToHexStringLower(hash)}", digest.ToString());
        Assert.Equal(algorithm, digest.Algorithm);
        Assert.Equal(sizeBytes, digest.Algorithm.HashSizeBytes());
        Assert.Equal(hash, digest.ToHash());
        Assert.Equal(digest.ToString()[7..], digest.Hex.ToString());
        Assert.Equal(digest, Digest.FromHash(algorithm, hash));
        Assert.Equal(digest, Digest.Parse(digest.ToString()));
    }

    [Fact]
    public void Of_Nothing_IsTheWellKnownDigest() => Assert.Equal(EmptySha256, Digest.Of([]).ToString());

    [Fact]
    public void TryParse_UpperCaseHex_IsRefused()
    {
        Assert.False(Digest.TryParse(EmptySha256.Replace('e', 'E'), out _));
        Assert.False(Digest.TryParse(EmptySha256.ToUpperInvariant(), out _));
        Assert.False(Digest.TryParse(null, out _));
    }

    [Fact]
    public void Parse_NoDigest_Throws() => Assert.Throws<FormatException>(() => Digest.Parse("sha256:abc"));

    [Fact]
    public void FromHash_WrongLength_Throws() =>
        Assert.Throws<ArgumentException>(() => Digest.FromHash(DigestAlgorithm.Sha512, new byte[32]));

    [Fact]
    public void Default_NamesNothing()
    {
        Assert.Equal("", default(Digest).ToString());
        Assert.Throws<InvalidOperationException>(() => default(Digest).Algorithm);
        Assert.NotEqual(default, Digest.Of([]));
    }

    [Fact]
    public void Comparisons_TwoDigests_FollowTheTexts()
    {
        var (less, more) = (Digest.Parse("sha256:" + Hex64), Digest.Parse("sha512:" + Hex64 + Hex64));
        var same = Digest.Parse("sha256:" + Hex64);

        Assert.True(less < more && less <= more && more > less && more >= less && less != more);
        Assert.True(less == same && less <= same && less >= same && less.Equals((object)same) && less.GetHashCode() == same.GetHashCode());
    }
}
