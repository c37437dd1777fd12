using System.Text.Json.Nodes;
using GeoRegistry.Protocol.Manifests;
using static GeoRegistry.Protocol.Tests.Manifests.Reading;

namespace GeoRegistry.Protocol.Tests.Manifests;

/// <summary>Source: OCI Distribution Spec v1.1 §Listing Referrers.</summary>
public sealed class ReferrerDescriptorTests
{
    private const string Subject = $",\"subject\":{Layer}";

    [Fact]
    public void ReferrerDescriptor_Image_HasTypeDigestSizeArtifactTypeAndAnnotations()
    {
        var manifest = Accept(
            Image(Subject + ""","artifactType":"application/vnd.example+json","annotations":{"a":"<é\n>","b":""}"""),
            MediaTypes.OciImageManifest);

        AssertDescriptor(
            $$"""
            {"mediaType":"{{MediaTypes.OciImageManifest}}","digest":"{{manifest.Digest}}","size":{{manifest.Content.Length}},
             "artifactType":"application/vnd.example+json","annotations":{"a":"<é\n>","b":""} }
            """,
            manifest);
    }

    [Fact]
    public void ReferrerDescriptor_TypesWithAPlus_AreAsTheyWerePushed()
    {
        var manifest = Accept(Image(Subject + ""","artifactType":"application/spdx+json&<'>" """), MediaTypes.OciImageManifest);

        var text = System.Text.Encoding.UTF8.GetString(manifest.ReferrerDescriptor.Span);
        Assert.Contains("\"application/vnd.oci.image.manifest.v1+json\"", text, StringComparison.Ordinal);
        Assert.Contains("\"application/spdx+json&<'>\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void ReferrerDescriptor_ImageWithoutArtifactType_HasTheConfigsType()
    {
        var manifest = Accept(Image(Subject), MediaTypes.OciImageManifest);

        AssertDescriptor(
            $$"""
            {"mediaType":"{{MediaTypes.OciImageManifest}}","digest":"{{manifest.Digest}}","size":{{manifest.Content.Length}},
             "artifactType":"application/vnd.oci.image.config.v1+json"}
            """,
            manifest);
    }

    [Fact]
    public void ReferrerDescriptor_IndexWithoutArtifactType_HasNone()
    {
        var manifest = Accept(Index(Subject), MediaTypes.OciImageIndex);

        AssertDescriptor(
            $$"""{"mediaType":"{{MediaTypes.OciImageIndex}}","digest":"{{manifest.Digest}}","size":{{manifest.Content.Length}}}""",
            manifest);
    }

    [Fact]
    public void ReferrerDescriptor_OtherTypeWithAnnotationsOfAnotherForm_LeavesThemOut()
    {
        var manifest = Accept(Index(Subject + ""","annotations":{"a":1}"""), "application/vnd.example");

        AssertDescriptor(
            $$"""{"mediaType":"application/vnd.example","digest":"{{manifest.Digest}}","size":{{manifest.Content.Length}}}""",
            manifest);
    }

    private static void AssertDescriptor(string expected, Manifest manifest) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(manifest.ReferrerDescriptor.Span)),
            System.Text.Encoding.UTF8.GetString(manifest.ReferrerDescriptor.Span));
}
