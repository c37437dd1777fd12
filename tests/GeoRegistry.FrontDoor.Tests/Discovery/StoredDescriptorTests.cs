using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using GeoRegistry.FrontDoor.Oci;

namespace GeoRegistry.FrontDoor.Tests.Discovery;

public sealed class StoredDescriptorTests
{
    [Theory]
    [InlineData(
        """{"mediaType":"application/vnd.oci.image.index.v1\u002Bjson","digest":"sha256:1","size":2"""
        + ""","artifactType":"a/b\u002Bc\u0026\u0022"}""",
        """{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:1","size":2,"artifactType":"a/b+c&\""}""")]
    [InlineData("""{"mediaType":"a/b+c","digest":"sha256:1","size":2}""", """{"mediaType":"a/b+c","digest":"sha256:1","size":2}""")]
    [InlineData(
        """{"mediaType":"a/b\u002Bc","annotations":{"x":"\u002B \ud800"}}""",
        """{"mediaType":"a/b+c","annotations":{"x":"\u002B \ud800"}}""")]
    [InlineData("""{"mediaType":"a/b","annotations":{ "x" : "\u002B" }}""", """{"mediaType":"a/b","annotations":{ "x" : "\u002B" }}""")]
    public void Write_OfADescriptorOfAnyBuild_HasMediaTypesAsTheyWerePushed(string stored, string expected)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            StoredDescriptor.Write(json, Encoding.UTF8.GetBytes(stored));
        Assert.Equal(expected, Encoding.UTF8.GetString(stream.ToArray()));
    }
}
