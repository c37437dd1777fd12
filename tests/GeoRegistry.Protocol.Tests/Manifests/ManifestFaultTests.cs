using System.Text;
using GeoRegistry.Protocol.Manifests;
using static GeoRegistry.Protocol.Tests.Manifests.Reading;

namespace GeoRegistry.Protocol.Tests.Manifests;

public sealed class ManifestFaultTests
{
    private const string Other = "application/vnd.example.thing+json";

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{} x")]
    [InlineData("{/*comment*/}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("\uFEFF{}")]
    public void Read_NoJsonObject_IsRefused(string json) => Reject(json, Other);

    [Theory]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"a":1,"\u0061":1}""")]
    [InlineData("""{"x":[{"y":{"a":1,"b":2,"a":3}}]}""")]
    [InlineData("""{"annotations":{"k":"1","k":"2"}}""")]
    [InlineData("""{"config":{"digest":1,"digest":2}}""")]
    public void Read_DuplicateKeyAtAnyDepth_IsRefused(string json) => Reject(json, Other);

    [Fact]
    public void Read_DeepestNesting_IsAcceptedAndOneMoreRefused()
    {
        Accept(Nested(ManifestReader.MaxDepth - 1), Other);
        Reject(Nested(ManifestReader.MaxDepth), Other);

        static string Nested(int arrays) => $$"""{"a":{{new string('[', arrays)}}{{new string(']', arrays)}}}""";
    }

    [Fact]
    public void Read_LargestManifest_IsAcceptedAndOneMoreByteRefused()
    {
        var largest = Encoding.UTF8.GetBytes("{}".PadRight(ManifestReader.MaxSizeBytes));

        Assert.IsType<ManifestReading.Accepted>(Reading.Read(largest, Other));
        Assert.IsType<ManifestReading.Rejected>(Reading.Read([.. largest, (byte)' '], Other));
    }

    [Theory]
    [InlineData("""{"config":%c,"layers":[]}""")]
    [InlineData("""{"schemaVersion":1,"config":%c,"layers":[]}""")]
    [InlineData("""{"schemaVersion":"2","config":%c,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2.5,"config":%c,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":null,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":[],"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":{}}""")]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":[null]}""")]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":["text"]}""")]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":[],"annotations":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":[],"annotations":{"a":1}}""")]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":[],"artifactType":1}""")]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":[],"subject":{}}""")]
    [InlineData("""{"schemaVersion":2,"config":%c,"layers":[],"subject":"sha256:abc"}""")]
    public void Read_ImageOfWrongForm_IsRefused(string json)
    {
        var image = json.Replace("%c", Config, StringComparison.Ordinal);

        Reject(image, MediaTypes.OciImageManifest);
        Reject(image, MediaTypes.DockerManifest);
    }

    /// <summary>A document that is both is read differently by different clients (CVE-2021-41190).</summary>
    [Theory]
    [InlineData(MediaTypes.OciImageManifest, "manifests")]
    [InlineData(MediaTypes.DockerManifest, "manifests")]
    [InlineData(MediaTypes.OciImageIndex, "layers")]
    [InlineData(MediaTypes.OciImageIndex, "config")]
    [InlineData(MediaTypes.DockerManifestList, "layers")]
    [InlineData(MediaTypes.DockerManifestList, "fsLayers")]
    public void Read_ImageThatIsAnIndexToo_IsRefused(string mediaType, string field)
    {
        var json = MediaTypes.IsImage(mediaType) ? Image($",\"{field}\":[]") : Index($",\"{field}\":[]");

        Assert.Contains(field, Reject(json, mediaType), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"manifests":[]}""")]
    [InlineData("""{"schemaVersion":2,"manifests":{}}""")]
    [InlineData("""{"schemaVersion":2,"manifests":[{}]}""")]
    public void Read_IndexOfWrongForm_IsRefused(string json)
    {
        Reject(json, MediaTypes.OciImageIndex);
        Reject(json, MediaTypes.DockerManifestList);
    }

    [Theory]
    [InlineData("""{"digest":"%d","size":1}""")]
    [InlineData("""{"mediaType":"","digest":"%d","size":1}""")]
    [InlineData("""{"mediaType":7,"digest":"%d","size":1}""")]
    [InlineData("""{"mediaType":"a/b","size":1}""")]
    [InlineData("""{"mediaType":"a/b","digest":7,"size":1}""")]
    [InlineData("""{"mediaType":"a/b","digest":"md5:d41d8cd98f00b204e9800998ecf8427e","size":1}""")]
    [InlineData("""{"mediaType":"a/b","digest":"%d"}""")]
    [InlineData("""{"mediaType":"a/b","digest":"%d","size":"1"}""")]
    [InlineData("""{"mediaType":"a/b","digest":"%d","size":-1}""")]
    [InlineData("""{"mediaType":"a/b","digest":"%d","size":1.5}""")]
    [InlineData("""{"mediaType":"a/b","digest":"%d","size":9223372036854775808}""")]
    public void Read_DescriptorOfWrongForm_IsRefused(string descriptor) =>
        Reject(ImageOfLayer(descriptor.Replace("%d", Digest2, StringComparison.Ordinal)), MediaTypes.OciImageManifest);

    [Theory]
    [InlineData(MediaTypes.OciImageManifest)]
    [InlineData(Other)]
    public void Read_OneDigestWithTwoSizes_IsRefused(string mediaType)
    {
        var reason = Reject(ImageOfLayer($"{Layer},{Layer.Replace("20}", "21}", StringComparison.Ordinal)}"), mediaType);

        Assert.Contains("two sizes: 20 and 21", reason, StringComparison.Ordinal);
    }

    /// <summary>JSON's grammar lets half a surrogate pair through; it is no text, and the client's fault.</summary>
    [Theory]
    [InlineData("""{"artifactType":"\ud800"}""")]
    [InlineData("""{"mediaType":"\udc00"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"config":{"mediaType":"\ud800","digest":"%d","size":1}}""")]
    [InlineData("""{"config":{"mediaType":"a/b","digest":"\ud800","size":1}}""")]
    public void Read_HalfOfASurrogatePair_IsRefused(string json) => Reject(json.Replace("%d", Digest2, StringComparison.Ordinal), Other);

    [Theory]
    [InlineData("artifactType")]
    [InlineData("mediaType")]
    [InlineData("anything")]
    public void Read_InvalidUtf8InAText_IsRefused(string field)
    {
        byte[] content = [.. Encoding.UTF8.GetBytes($"{{\"{field}\":\""), 0xc3, 0x28, 0xff, .. "\"}"u8];

        Assert.IsType<ManifestReading.Rejected>(Reading.Read(content, Other));
    }

    [Fact]
    public void Read_InvalidUtf8InAnAnnotationOrName_IsRefused()
    {
        byte[] annotation = [.. "{\"annotations\":{\"a\":\""u8, 0xff, .. "\"}}"u8];
        byte[] name = [.. "{\""u8, 0xff, .. "\":1}"u8];

        Assert.IsType<ManifestReading.Rejected>(Reading.Read(annotation, Other));
        Assert.IsType<ManifestReading.Rejected>(Reading.Read(name, Other));
    }

    /// <summary>Whatever is changed in a manifest, reading it gives an answer.</summary>
    [Fact]
    public void Read_ManifestWithRandomBytesChanged_NeverThrows()
    {
        var original = Encoding.UTF8.GetBytes(Image(""","artifactType":"a/b","annotations":{"k":"v"},"subject":null"""));
        var random = new Random(41190);
        for (var i = 0; i < 20_000; i++)
        {
            var content = (byte[])original.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                content[random.Next(content.Length)] = "{}[]\",:\\u0d8\0\xff"u8[random.Next(15)];
            var fault = Record.Exception(() => Reading.Read(content, i % 2 == 0 ? Other : MediaTypes.OciImageManifest));
            Assert.True(fault is null, $"{Convert.ToHexString(content)}: {fault}");
        }
    }
}
