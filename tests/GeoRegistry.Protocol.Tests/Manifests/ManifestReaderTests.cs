using System.Text;
using GeoRegistry.Protocol.Manifests;
using static GeoRegistry.Protocol.Tests.Manifests.Reading;

namespace GeoRegistry.Protocol.Tests.Manifests;

public sealed class ManifestReaderTests
{
    private const string Other = "application/vnd.example.thing+json";

    [Fact]
    public void Read_ImageWithOddFormatting_KeepsTheExactBytes()
    {
        var content = Encoding.UTF8.GetBytes(
            "\n\t" + Image(""","unknown":{"é":[1.50e0,null]}""").Replace(",", " ,\r\n", StringComparison.Ordinal) + "  ");

        var manifest = Assert.IsType<ManifestReading.Accepted>(Reading.Read(content, MediaTypes.OciImageManifest)).Manifest;

        Assert.Equal(content, manifest.Content.ToArray());
        Assert.Equal(Digest.Of(content), manifest.Digest);
    }

    [Theory]
    [InlineData(MediaTypes.OciImageManifest)]
    [InlineData(MediaTypes.DockerManifest)]
    public void Read_Image_NamesItsConfigAndLayers(string mediaType)
    {
        var manifest = Accept(Image(), mediaType);

        Assert.Equal(mediaType, manifest.MediaType);
        Assert.Equal(
            [
                new ContentReference(Digest.Parse(Digest1), 10, ContentKind.Blob),
                new ContentReference(Digest.Parse(Digest2), 20, ContentKind.Blob),
            ],
            manifest.References);
        Assert.Equal("application/vnd.oci.image.config.v1+json", manifest.ArtifactType);
        Assert.Null(manifest.Subject);
        Assert.True(manifest.ReferrerDescriptor.IsEmpty);
    }

    [Theory]
    [InlineData(MediaTypes.OciImageIndex)]
    [InlineData(MediaTypes.DockerManifestList)]
    public void Read_Index_NamesItsChildren(string mediaType)
    {
        var manifest = Accept(Index(), mediaType);

        Assert.Equal([new ContentReference(Digest.Parse(Digest2), 20, ContentKind.Child)], manifest.References);
        Assert.Null(manifest.ArtifactType);
    }

    [Fact]
    public void Read_IndexWithoutChildren_IsAccepted() =>
        Assert.Empty(Accept("""{"schemaVersion":2,"manifests":[]}""", MediaTypes.OciImageIndex).References);

    /// <summary>Go writes an empty list as null, and reads a missing one as empty; distribution takes both.</summary>
    [Theory]
    [InlineData("""{"schemaVersion":2,"config":%c}""", MediaTypes.OciImageManifest)]
    [InlineData(
        """{"schemaVersion":2,"config":%c,"layers":null,"annotations":null,"subject":null,"artifactType":null}""",
        MediaTypes.DockerManifest)]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":[],"manifests":null}""", MediaTypes.OciImageManifest)]
    public void Read_ImageWithListsMissingOrNull_NamesItsConfigAlone(string json, string mediaType) =>
        Assert.Equal(
            Digest.Parse(Digest1),
            Assert.Single(Accept(json.Replace("%c", Config, StringComparison.Ordinal), mediaType).References).Digest);

    [Theory]
    [InlineData("""{"schemaVersion":2}""", MediaTypes.OciImageIndex)]
    [InlineData("""{"schemaVersion":2,"manifests":null,"annotations":null}""", MediaTypes.DockerManifestList)]
    [InlineData("""{"schemaVersion":2,"manifests":null,"layers":null,"config":null}""", MediaTypes.OciImageIndex)]
    [InlineData("""{"blobs":null,"layers":null,"manifests":null}""", Other)]
    public void Read_OtherWithListsMissingOrNull_NamesNothing(string json, string mediaType) =>
        Assert.Empty(Accept(json, mediaType).References);

    [Fact]
    public void Read_OtherType_NamesAllDescriptorsOfKnownFields()
    {
        var manifest = Accept(
            $$"""{"config":{{Config}},"blobs":[{{Layer}}],"manifests":[{"mediaType":"a/b","digest":"{{Digest.Of([])}}","size":0}]}""",
            Other);

        Assert.Equal([ContentKind.Blob, ContentKind.Blob, ContentKind.Child], manifest.References.Select(reference => reference.Kind));
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"config":"text","layers":{"a":1},"blobs":[1,null,{}],"manifests":7,"annotations":[],"subject":"none"}""")]
    [InlineData("""{"schemaVersion":1,"layers":[{"digest":"sha256:short","size":1,"mediaType":"a/b"}]}""")]
    public void Read_OtherTypeWithOtherForms_IsAcceptedWithoutReferences(string json)
    {
        var manifest = Accept(json, Other);

        Assert.Empty(manifest.References);
        Assert.Null(manifest.Subject);
    }

    [Fact]
    public void Read_OneDigestTwiceWithOneSize_NamesItOnce() =>
        Assert.Equal(
            2,
            Accept(
                $$"""{"schemaVersion":2,"config":{{Config}},"layers":[{{Layer}},{{Layer}},{{Layer}}]}""",
                MediaTypes.OciImageManifest).References.Count);

    [Theory]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")]
    [InlineData("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")]
    public void Read_ForeignLayer_NeedNotBeHere(string mediaType)
    {
        var manifest = Accept(ImageOfLayer(Layer.Replace("application/vnd.oci.image.layer.v1.tar", mediaType, StringComparison.Ordinal)),
            MediaTypes.OciImageManifest);

        Assert.Equal(ContentKind.ForeignLayer, manifest.References[1].Kind);
    }

    /// <summary>What must be here in one place must be here, wherever else it is called a foreign layer.</summary>
    [Fact]
    public void Read_LayerForeignAndNot_MustBeHere()
    {
        var foreign = Layer.Replace("layer.v1", "layer.nondistributable.v1", StringComparison.Ordinal);

        Assert.Equal(ContentKind.Blob, Accept(ImageOfLayer($"{foreign},{Layer}"), MediaTypes.OciImageManifest).References[1].Kind);
        Assert.Equal(ContentKind.Blob, Accept(ImageOfLayer($"{Layer},{foreign}"), MediaTypes.OciImageManifest).References[1].Kind);
    }

    [Fact]
    public void Read_Sha512Descriptor_IsAReference()
    {
        var digest = Digest.Of([], DigestAlgorithm.Sha512);

        Assert.Equal(
            digest,
            Accept(ImageOfLayer($$"""{"mediaType":"a/b","digest":"{{digest}}","size":0}"""), MediaTypes.OciImageManifest)
                .References[1].Digest);
    }

    [Fact]
    public void Read_Subject_IsNoReference()
    {
        var manifest = Accept(Image($",\"subject\":{Layer.Replace("2222", "3333", StringComparison.Ordinal)}"),
            MediaTypes.OciImageManifest);

        Assert.Equal(Digest.Parse(Digest2.Replace("2222", "3333", StringComparison.Ordinal)), manifest.Subject);
        Assert.Equal(2, manifest.References.Count);
    }

    [Theory]
    [InlineData(",\"artifactType\":\"application/vnd.example\"", "application/vnd.example")]
    [InlineData(",\"artifactType\":\"\"", "application/vnd.oci.image.config.v1+json")]
    [InlineData(",\"artifactType\":null", "application/vnd.oci.image.config.v1+json")]
    public void Read_ArtifactType_IsTheFieldElseTheConfigsType(string field, string expected) =>
        Assert.Equal(expected, Accept(Image(field), MediaTypes.OciImageManifest).ArtifactType);

    [Fact]
    public void Read_NullForOptionalFields_IsAsIfMissing() =>
        Assert.Null(Accept(Image(""","subject":null,"annotations":null,"mediaType":null"""), MediaTypes.OciImageManifest).Subject);
}
