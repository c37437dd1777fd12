using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GeoRegistry.FrontDoor.Tests.Content;

/// <summary>Changes a manifest before its bytes are fixed.</summary>
internal delegate void ManifestEdit(JsonObject manifest);

/// <summary>A manifest's exact bytes and the <c>Content-Type</c> that it is pushed with.</summary>
internal sealed record ManifestContent(byte[] Bytes, string? MediaType)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Digest => Blob.DigestOf(Bytes);

    public string Sha512 => $"sha512:{Convert.ToHexStringLower(SHA512.HashData(Bytes))}";

    public string Text => Encoding.UTF8.GetString(Bytes);

    public static ManifestContent Of(string text, string? mediaType) => new(Encoding.UTF8.GetBytes(text), mediaType);

    public static ManifestContent Image(
        Blob config, Blob[] layers, ManifestEdit? edit = null, string mediaType = Content.MediaType.Image) =>
        Edited(
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = mediaType,
                ["config"] = config.Descriptor(),
                ["layers"] = new JsonArray([.. layers.Select(layer => layer.Descriptor())]),
            },
            mediaType,
            edit);

    public static ManifestContent Index(
        ManifestContent[] children, ManifestEdit? edit = null, string mediaType = Content.MediaType.Index) =>
        Edited(
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = mediaType,
                ["manifests"] = new JsonArray([.. children.Select(child => child.Descriptor())]),
            },
            mediaType,
            edit);

    public JsonObject Descriptor() => Content.Descriptor.Of(MediaType!, Digest, Bytes.Length);

    /// <summary>The same document, changed.</summary>
    public ManifestContent With(ManifestEdit edit) => Edited(JsonNode.Parse(Bytes)!.AsObject(), MediaType, edit);

    /// <summary>The same document under another Content-Type.</summary>
    public ManifestContent As(string? mediaType) => this with { MediaType = mediaType };

    private static ManifestContent Edited(JsonObject json, string? mediaType, ManifestEdit? edit)
    {
        edit?.Invoke(json);
        return Of(json.ToJsonString(Plain), mediaType);
    }
}

/// <summary>Edits that many tests make.</summary>
internal static class ManifestEdits
{
    /// <summary>Makes it a referrer: of what, of which artifact type if any, with which annotations if any.</summary>
    public static ManifestEdit Subject(
        ManifestContent subject, string? artifactType = null, params (string Key, string Value)[] annotations) => manifest =>
    {
        manifest["subject"] = subject.Descriptor();
        if (artifactType is not null) manifest["artifactType"] = artifactType;
        if (annotations.Length > 0)
            manifest["annotations"] = new JsonObject(annotations.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)a.Value)));
    };
}
