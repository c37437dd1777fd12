using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Ledgers.Tests.Commits;

public sealed class CommitCodecGoldenTests
{
    [Theory]
    [MemberData(nameof(GoldenCommits.Names), MemberType = typeof(GoldenCommits))]
    public void Encode_GoldenCommit_GivesTheBytesOfItsFile(string name) =>
        Assert.Equal(
            Convert.ToHexStringLower(GoldenCommits.Encoded(name)),
            Convert.ToHexStringLower(CommitCodec.Encode(GoldenCommits.All[name])));

    [Theory]
    [MemberData(nameof(GoldenCommits.Names), MemberType = typeof(GoldenCommits))]
    public void Decode_GoldenFile_GivesTheCommit(string name) =>
        Assert.Equal(
            GoldenCommits.Describe(GoldenCommits.All[name]),
            GoldenCommits.Describe(CommitCodec.Decode(GoldenCommits.Encoded(name))));

    /// <summary>A new kind of operation needs a golden file of its own, under its name in the files' form.</summary>
    [Fact]
    public void Golden_EveryOperationKind_HasAFile()
    {
        var expected = Enum.GetNames<OperationKind>()
            .Select(name => string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"-{c}" : $"{c}")).ToLowerInvariant())
            .Append("mixed").Append("with-write-id").Order();

        Assert.Equal(
            expected,
            Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Golden")).Select(Path.GetFileNameWithoutExtension).Order());
        Assert.Equal(expected, GoldenCommits.All.Keys.Order());
    }
}
