using GeoRegistry.Protocol.Manifests;
using static GeoRegistry.Protocol.Tests.Manifests.Reading;

namespace GeoRegistry.Protocol.Tests.Manifests;

public sealed class ManifestMediaTypeTests
{
    private static string Declared(string mediaType) => $",\"mediaType\":\"{mediaType}\"";

    [Fact]
    public void Read_HeaderOnly_IsTheType() => Assert.Equal(
        MediaTypes.OciImageManifest, Accept(Image(), MediaTypes.OciImageManifest).MediaType);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void Read_FieldOnly_IsTheType(string? header) =>
        Assert.Equal(MediaTypes.OciImageManifest, Accept(Image(Declared(MediaTypes.OciImageManifest)), header).MediaType);

    [Theory]
    [InlineData("application/vnd.oci.image.manifest.v1+json; charset=utf-8")]
    [InlineData(" application/vnd.oci.image.manifest.v1+json ;a=b;c=d")]
    [InlineData("Application/Vnd.OCI.image.manifest.v1+JSON")]
    public void Read_HeaderSaysTheSame_IsTheFieldsType(string header) =>
        Assert.Equal(MediaTypes.OciImageManifest, Accept(Image(Declared(MediaTypes.OciImageManifest)), header).MediaType);

    [Fact]
    public void Read_HeaderWithParameters_IsTheTypeWithoutThem() =>
        Assert.Equal(MediaTypes.OciImageManifest, Accept(Image(), $"{MediaTypes.OciImageManifest}; charset=utf-8").MediaType);

    /// <summary>RFC 9110 §8.3.1: types are compared without case, so a type in capitals has the same rules.</summary>
    [Fact]
    public void Read_KnownTypeInCapitals_HasTheSameRules()
    {
        Reject("""{"schemaVersion":2}""", MediaTypes.OciImageManifest.ToUpperInvariant());
        Reject(Index(), "application/vnd.docker.distribution.MANIFEST.v1+json");
    }

    [Fact]
    public void Read_HeaderAndFieldDiffer_NamesBoth()
    {
        var reason = Reject(Image(Declared(MediaTypes.OciImageManifest)), MediaTypes.DockerManifest);

        Assert.Contains(MediaTypes.OciImageManifest, reason, StringComparison.Ordinal);
        Assert.Contains(MediaTypes.DockerManifest, reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(";charset=utf-8")]
    public void Read_NeitherHeaderNorField_IsRefused(string? header) => Reject(Image(), header);

    /// <summary>What tools send by themselves. Stored under it, no client could pull the manifest.</summary>
    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("Application/JSON; charset=utf-8")]
    [InlineData("text/plain")]
    [InlineData("text/json")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/octet-stream")]
    public void ReadPushed_GenericHeader_IsTheFieldsTypeOrRefusedWithTheHeaderToSend(string header)
    {
        Assert.Equal(
            MediaTypes.OciImageManifest,
            Assert.IsType<ManifestReading.Accepted>(ReadPushed(Image(Declared(MediaTypes.OciImageManifest)), header)).Manifest.MediaType);

        Assert.Contains($"Content-Type: {MediaTypes.OciImageManifest}",
            Assert.IsType<ManifestReading.Rejected>(ReadPushed(Image(), header)).Reason, StringComparison.Ordinal);
        Assert.Contains($"Content-Type: {MediaTypes.OciImageIndex}",
            Assert.IsType<ManifestReading.Rejected>(ReadPushed(Index(), header)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadPushed_HeaderOfAnyManifestType_IsReadAsItSays()
    {
        Assert.Equal(
            "application/vnd.example+json",
            Assert.IsType<ManifestReading.Accepted>(ReadPushed("{}", "application/vnd.example+json")).Manifest.MediaType);
        Assert.IsType<ManifestReading.Rejected>(ReadPushed(Image(Declared(MediaTypes.OciImageManifest)), MediaTypes.DockerManifest));
    }

    /// <summary>Earlier builds took such pushes: their commits must be read for ever.</summary>
    [Fact]
    public void Read_StoredUnderAGenericType_IsReadAsItWasAccepted() =>
        Assert.Equal("application/json", Accept(Image(), "application/json").MediaType);

    [Theory]
    [InlineData("application/vnd.docker.distribution.manifest.v1+json")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+prettyjws")]
    public void Read_DockerSchema1_IsRefused(string mediaType)
    {
        Assert.Contains("schema 1", Reject("""{"schemaVersion":1,"fsLayers":[]}""", mediaType), StringComparison.Ordinal);
        Assert.Contains("schema 1", Reject($$"""{"schemaVersion":1,"mediaType":"{{mediaType}}"}""", null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("true")]
    [InlineData("\"\"")]
    public void Read_FieldIsNoText_IsRefused(string value) => Reject(Image($",\"mediaType\":{value}"), MediaTypes.OciImageManifest);

    [Theory]
    [InlineData("text/pläin")]
    [InlineData("text/a\u0001b")]
    public void Read_TypeOfStrangeCharacters_IsRefused(string mediaType) => Reject("{}", mediaType);

    [Fact]
    public void Read_LongestType_IsAcceptedAndOneMoreRefused()
    {
        var longest = new string('a', 127);

        Accept("{}", $"{longest}/{longest}");
        Reject("{}", $"{longest}a/{longest}");
        Reject("{}", $"{longest}/{longest}a");
    }
}
