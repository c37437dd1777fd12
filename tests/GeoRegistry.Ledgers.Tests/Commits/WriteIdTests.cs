using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Ledgers.Tests.Commits;

public sealed class WriteIdTests
{
    private static readonly WriteId Given = WriteId.OfKey("release-1.2");

    /// <summary>Stored commits have them: a write is repeated also after an upgrade.</summary>
    [Fact]
    public void For_OneWrite_IsTheSameInEveryBuild() =>
        Assert.Equal("dfbc18e3136413135230688e949586f4", Given.For(WriteKind.PutManifest, "sha256:0", "application/json", "1").ToString());

    [Fact]
    public void For_AnythingElseAskedOrGiven_IsAnotherId()
    {
        WriteId[] ids =
        [
            Given,
            Given.For(WriteKind.PutManifest, "a", "b"),
            Given.For(WriteKind.DeleteReference, "a", "b"),
            Given.For(WriteKind.DeleteBlob, "a", "b"),
            Given.For(WriteKind.PutManifest, "b", "a"),
            Given.For(WriteKind.PutManifest, "ab"),
            Given.For(WriteKind.PutManifest, "a"),
            Given.For(WriteKind.PutManifest, "a", "b", ""),
            WriteId.OfKey("release-1.3").For(WriteKind.PutManifest, "a", "b"),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }
}
