using System.Text;
using System.Text.Json.Nodes;

namespace GeoRegistry.FrontDoor.Tests.Manifests;

/// <summary>Manifests that are refused for their form; each differs from an accepted one by one fault.</summary>
[Endpoint("end-7a")]
public sealed class ManifestFormTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private static readonly Dictionary<string, Func<ManifestContent, ManifestContent>> NotJson = new()
    {
        ["nothing"] = image => image with { Bytes = [] },
        ["the start of an object"] = image => image with { Bytes = image.Bytes[..^1] },
        ["more after its end"] = image => Text(image, image.Text + "{}"),
        ["a list"] = image => Text(image, $"[{image.Text}]"),
        ["null"] = image => Text(image, "null"),
        ["a comment"] = image => Text(image, "/* */" + image.Text),
        ["a trailing comma"] = image => Text(image, image.Text[..^1] + ",}"),
        ["not UTF-8 in an unknown field"] = image => NotUtf8(image, ",\"x\":\"?\"}"),
        ["not UTF-8 in a key"] = image => NotUtf8(image, ",\"?\":1}"),
        ["not UTF-8 in artifactType"] = image => NotUtf8(image, ",\"artifactType\":\"?\"}"),
        ["not UTF-8 in an annotation"] = image => NotUtf8(image, ",\"annotations\":{\"a\":\"?\"}}"),
        ["half a surrogate pair in artifactType"] = image => Text(image, image.Text[..^1] + ",\"artifactType\":\"\\ud800\"}"),
        ["half a surrogate pair in mediaType"] = image =>
            Text(image, image.Text.Replace("\"mediaType\":\"app", "\"mediaType\":\"\\ud800app", StringComparison.Ordinal)),
        ["half a surrogate pair in a digest"] = image =>
            Text(image, image.Text.Replace("\"digest\":\"", "\"digest\":\"\\ud800", StringComparison.Ordinal)),
        ["half a surrogate pair in a key"] = image => Text(image, image.Text[..^1] + ",\"\\ud800\":1}"),
    };

    private static readonly Dictionary<string, Func<ManifestContent, ManifestContent>> Ambiguous = new()
    {
        ["a field twice"] = image => Text(image, image.Text[..^1] + ",\"layers\":[]}"),
        ["a field twice, once escaped"] = image => Text(image, image.Text[..^1] + ",\"\\u006cayers\":[]}"),
        ["a field of a descriptor twice"] = image =>
            Text(image, image.Text.Replace("\"size\":", "\"size\":1,\"size\":", StringComparison.Ordinal)),
        ["an annotation twice"] = image => Text(image, image.Text[..^1] + ",\"annotations\":{\"a\":\"1\",\"a\":\"2\"}}"),
        ["an unknown field twice"] = image => Text(image, image.Text[..^1] + ",\"x\":1,\"x\":2}"),
        ["an image with manifests"] = image => image.With(json => json["manifests"] = new JsonArray()),
        ["nesting of 65"] = image => Text(image, Nested(image, levels: 64)),
        ["nesting of 100,000"] = image => Text(image, Nested(image, levels: 100_000)),
        ["another Content-Type"] = image => image.As(MediaType.DockerManifest),
        ["the type of a page"] = image => image.With(json => json["mediaType"] = "text/html").As("text/html"),
        ["the type of any JSON"] = image => image.With(json => json["mediaType"] = "application/json").As("application/json"),
    };

    private static readonly Dictionary<string, ManifestEdit> Misshapen = new()
    {
        ["no schemaVersion"] = json => json.Remove("schemaVersion"),
        ["schemaVersion 1"] = json => json["schemaVersion"] = 1,
        ["schemaVersion as a string"] = json => json["schemaVersion"] = "2",
        ["mediaType as a number"] = json => json["mediaType"] = 2,
        ["no config"] = json => json.Remove("config"),
        ["config null"] = json => json["config"] = null,
        ["config as a digest"] = json => json["config"] = Blob.UnknownDigest(),
        ["layers as an object"] = json => json["layers"] = new JsonObject(),
        ["a layer as a string"] = json => json["layers"]!.AsArray().Add("x"),
        ["a layer without digest"] = json => Layer(json).Remove("digest"),
        ["a layer with a malformed digest"] = json => Layer(json)["digest"] = "sha256:abc",
        ["a layer with an unsupported digest"] = json => Layer(json)["digest"] = "md5:d41d8cd98f00b204e9800998ecf8427e",
        ["a layer without size"] = json => Layer(json).Remove("size"),
        ["a layer of negative size"] = json => Layer(json)["size"] = -1,
        ["a layer of half a byte"] = json => Layer(json)["size"] = 0.5,
        ["a layer with its size as a string"] = json => Layer(json)["size"] = "512",
        ["a layer without mediaType"] = json => Layer(json).Remove("mediaType"),
        ["annotations as a list"] = json => json["annotations"] = new JsonArray(),
        ["an annotation that is a number"] = json => json["annotations"] = new JsonObject { ["a"] = 1 },
        ["artifactType as a number"] = json => json["artifactType"] = 1,
        ["subject as a digest"] = json => json["subject"] = Blob.UnknownDigest(),
        ["subject with a malformed digest"] = json => json["subject"] = Descriptor.Of(MediaType.Image, "sha256:abc", 1),
    };

    private static readonly Dictionary<string, ManifestEdit> MisshapenIndexes = new()
    {
        ["manifests as an object"] = json => json["manifests"] = new JsonObject(),
        ["a child without digest"] = json => json["manifests"]![0]!.AsObject().Remove("digest"),
        ["an index with layers"] = json => json["layers"] = new JsonArray(),
        ["schemaVersion 1"] = json => json["schemaVersion"] = 1,
    };

    public static TheoryData<string> NotJsonCases => [.. NotJson.Keys];

    public static TheoryData<string> AmbiguousCases => [.. Ambiguous.Keys];

    public static TheoryData<string> MisshapenCases => [.. Misshapen.Keys];

    public static TheoryData<string> MisshapenIndexCases => [.. MisshapenIndexes.Keys];

    [Theory]
    [MemberData(nameof(NotJsonCases))]
    [Clause("Definitions", Promise, "Manifest: a JSON document uploaded via the manifests endpoint")]
    public async Task Put_OfWhatIsNoJsonObject_AnswersManifestInvalid(string fault) => await AssertRefusedAsync(NotJson[fault]);

    [Theory]
    [MemberData(nameof(AmbiguousCases))]
    [Clause(
        "GeoRegistry: manifests", Promise, "What clients could read in two ways is refused: duplicate keys, deep nesting, a second type")]
    public async Task Put_OfWhatReadsInTwoWays_AnswersManifestInvalid(string fault) => await AssertRefusedAsync(Ambiguous[fault]);

    [Theory]
    [MemberData(nameof(MisshapenCases))]
    [Clause("GeoRegistry: manifests", Promise, "The fields of an image have the image spec's form")]
    public async Task Put_OfAMisshapenImage_AnswersManifestInvalid(string fault) =>
        await AssertRefusedAsync(image => image.With(Misshapen[fault]));

    [Theory]
    [MemberData(nameof(MisshapenIndexCases))]
    [Clause("GeoRegistry: manifests", Promise, "The fields of an index have the image spec's form")]
    public async Task Put_OfAMisshapenIndex_AnswersManifestInvalid(string fault)
    {
        var repository = NewRepository();
        var index = ManifestContent.Index([await repository.PushImageAsync()]);
        await AssertRefusedAsync(repository, index, index.With(MisshapenIndexes[fault]));
    }

    [Theory]
    [InlineData("application/vnd.docker.distribution.manifest.v1+json")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+prettyjws")]
    [Clause("Legacy Docker support error codes", Promise, "Docker schema 1 is refused")]
    public async Task Put_OfDockerSchema1_AnswersManifestInvalid(string mediaType)
    {
        var repository = NewRepository();
        var schema1 = ManifestContent.Of(
            """{"schemaVersion":1,"name":"a","tag":"v1","architecture":"amd64","fsLayers":[],"history":[]}""", mediaType);
        (await repository.PutManifestAsync("v1", schema1)).ExpectError(400, "MANIFEST_INVALID");
    }

    [Fact]
    [Clause("Pushing Manifests", Promise, "Without Content-Type and mediaType field the type is not known")]
    public async Task Put_OfNoKnownType_AnswersManifestInvalid() =>
        await AssertRefusedAsync(image => image.With(json => json.Remove("mediaType")).As(null));

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json")]
    [InlineData("APPLICATION/JSON; charset=utf-8")]
    [InlineData("application/octet-stream")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("text/plain")]
    [InlineData("Text/HTML")]
    [Clause(
        "GeoRegistry: manifests",
        Promise,
        "A Content-Type that tools send by themselves says nothing: the mediaType field decides, or the refusal says what to send")]
    public async Task Put_UnderAGenericContentType_IsRefusedWithoutAMediaTypeOfItsOwn(string contentType)
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        var plain = image.With(json => json.Remove("mediaType")).As(contentType);
        var refused = await repository.PutManifestAsync("v1", plain);
        refused.ExpectError(400, "MANIFEST_INVALID");
        Assert.Contains($"Content-Type: {MediaType.Image}", refused.Text, StringComparison.Ordinal);
        (await repository.HeadManifestAsync("v1")).Expect(404);

        (await repository.PutManifestAsync("v1", image.As(contentType))).Expect(201);
        (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Content-Type", MediaType.Image);
    }

    [Fact]
    [Clause("GeoRegistry: manifests", Promise, "Lists that are missing or null are empty")]
    public async Task Put_WithListsMissingOrNull_IsAccepted()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        foreach (ManifestEdit edit in new ManifestEdit[]
        {
            json => json["layers"] = null,
            json => json.Remove("layers"),
            json => json["annotations"] = null,
        })
        {
            (await repository.PutManifestAsync("v1", image.With(edit))).Expect(201);
        }

        foreach (ManifestEdit edit in new ManifestEdit[] { json => json["manifests"] = null, json => json.Remove("manifests") })
            (await repository.PutManifestAsync("v2", ManifestContent.Index([]).With(edit))).Expect(201);
    }

    [Fact]
    [Clause("GeoRegistry: manifests", Promise, "Nesting of 64 is accepted")]
    public async Task Put_WithNestingOf64_IsAccepted()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync("v1", Text(image, Nested(image, levels: 63)))).Expect(201);
    }

    private async Task AssertRefusedAsync(Func<ManifestContent, ManifestContent> spoil)
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        await AssertRefusedAsync(repository, image, spoil(image));
    }

    private static async Task AssertRefusedAsync(RepositoryClient repository, ManifestContent good, ManifestContent bad)
    {
        (await repository.PutManifestAsync("v1", bad)).ExpectError(400, "MANIFEST_INVALID");
        (await repository.PutManifestAsync(bad.Digest, bad)).ExpectError(400, "MANIFEST_INVALID");
        (await repository.HeadManifestAsync("v1")).Expect(404);
        (await repository.HeadManifestAsync(bad.Digest)).Expect(404);
        (await repository.PutManifestAsync("v1", good)).Expect(201);
    }

    private static ManifestContent Text(ManifestContent image, string text) => new(Encoding.UTF8.GetBytes(text), image.MediaType);

    // The end of the object again, with two bytes that are no UTF-8 in place of the question mark.
    private static ManifestContent NotUtf8(ManifestContent image, string end)
    {
        var parts = end.Split('?');
        return image with
        {
            Bytes = [.. image.Bytes[..^1], .. Encoding.UTF8.GetBytes(parts[0]), 0xC3, 0x28, .. Encoding.UTF8.GetBytes(parts[1])],
        };
    }

    // The root object is one level more.
    private static string Nested(ManifestContent image, int levels) =>
        $"{image.Text[..^1]},\"x\":{new string('[', levels)}{new string(']', levels)}}}";

    private static JsonObject Layer(JsonObject image) => image["layers"]![0]!.AsObject();
}
