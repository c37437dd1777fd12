using System.Text.Json;
using System.Text.Unicode;

namespace GeoRegistry.Protocol.Manifests;

/// <summary>Reads and validates manifests; what it accepts is stored byte for byte, whatever other fields it has.</summary>
/// <remarks>
/// One rule for all media types: <c>config</c>, <c>layers</c>, <c>blobs</c>, <c>manifests</c> and <c>subject</c> hold descriptors.
/// Image manifests and indexes must have theirs in the right form; in other types, values of another form are not references.
/// A list that is missing or null is empty, as Go's JSON writes and reads it and other registries take it.
/// Source: OCI Image Spec v1.1, manifest.md, image-index.md, descriptor.md; Docker schema 2.
/// </remarks>
public static class ManifestReader
{
    /// <summary>The largest manifest, in bytes: 4 MiB, the least that a registry should take.</summary>
    /// <remarks>Source: OCI Distribution Spec v1.1 §Pushing Manifests.</remarks>
    public const int MaxSizeBytes = 4 * 1024 * 1024;

    /// <summary>The deepest nesting of JSON; real manifests have five levels.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Reads a manifest that a client pushes.</summary>
    /// <param name="content">The bytes as pushed; kept by the result, so the caller must not change them.</param>
    /// <param name="contentType"> The request's <c>Content-Type</c>, or null. A type that tools send by themselves (a form, text,
    /// JSON, bytes) says nothing of a manifest: then the <c>mediaType</c> field decides, and without one the manifest is refused.
    /// Stored under such a type no client could pull it.
    /// </param>
    /// <param name="digest">The digest that the content is known to have.</param>
    public static ManifestReading ReadPushed(ReadOnlyMemory<byte> content, string? contentType, Digest digest)
    {
        var says = contentType is not null && MediaTypes.IsGeneric(MediaTypes.WithoutParameters(contentType)) ? null : contentType;
        var reading = Read(content, says, digest);
        return reading is ManifestReading.Accepted { Manifest.MediaType: var mediaType } && MediaTypes.IsGeneric(mediaType)
            ? new ManifestReading.Rejected($"'{mediaType}' is not the type of a manifest: others would take it for something else.")
            : reading;
    }

    /// <summary>Reads a manifest that was accepted before, by this build or an earlier one.</summary>
    /// <param name="content">The bytes as pushed; kept by the result, so the caller must not change them.</param>
    /// <param name="contentType">The media type, or null; then the <c>mediaType</c> field decides.</param>
    /// <param name="digest">The digest that the content is known to have.</param>
    public static ManifestReading Read(ReadOnlyMemory<byte> content, string? contentType, Digest digest)
    {
        if (content.Length > MaxSizeBytes)
            return new ManifestReading.Rejected($"A manifest may have at most {MaxSizeBytes} bytes; this one has {content.Length}.");

        // The parser looks into texts only when they are asked for.
        if (!Utf8.IsValid(content.Span)) return new ManifestReading.Rejected("The manifest is not UTF-8.");
        try
        {
            using var json = JsonDocument.Parse(content, Strict);
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw new ManifestFormatException("A manifest is a JSON object.");
            var mediaType = MediaTypeOf(json.RootElement, contentType);
            return new ManifestReading.Accepted(new Manifest(digest, mediaType, content, ReadFields(json.RootElement, mediaType)));
        }
        catch (JsonException e)
        {
            return new ManifestReading.Rejected($"The manifest is not well-formed JSON: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            // What JsonElement throws for an escape of half a character.
            return new ManifestReading.Rejected("The manifest has text that is not Unicode.");
        }
        catch (ManifestFormatException e)
        {
            return new ManifestReading.Rejected(e.Message);
        }
    }

    private static string MediaTypeOf(JsonElement root, string? contentType)
    {
        var declared = DescriptorReader.OptionalString(root, "mediaType");
        var sent = string.IsNullOrWhiteSpace(contentType) ? null : MediaTypes.WithoutParameters(contentType);
        if (declared is not null && sent is not null && !string.Equals(declared, sent, StringComparison.OrdinalIgnoreCase))
            throw new ManifestFormatException(
                $"The mediaType field says '{declared}' and the Content-Type header '{sent}': send the same in both.");
        var mediaType = declared ?? sent;
        if (string.IsNullOrEmpty(mediaType))
            throw new ManifestFormatException(
                $"The request does not say what kind of manifest this is: send 'Content-Type: {GuessedType(root)}', "
                    + "or that as the mediaType field.");
        if (!MediaTypes.IsWellFormed(mediaType)) throw new ManifestFormatException($"'{mediaType}' is not a media type.");
        return MediaTypes.IsDockerSchema1(mediaType)
            ? throw new ManifestFormatException("Docker schema 1 manifests are not supported: push schema 2 or OCI.")
            : mediaType;
    }

    // For the message of a refusal only.
    private static string GuessedType(JsonElement root) =>
        root.TryGetProperty("manifests", out _) ? MediaTypes.OciImageIndex : MediaTypes.OciImageManifest;

    private static ManifestFields ReadFields(JsonElement root, string mediaType)
    {
        var descriptors = new DescriptorReader(required: MediaTypes.IsImage(mediaType) || MediaTypes.IsIndex(mediaType));
        var configType = (string?)null;
        if (MediaTypes.IsImage(mediaType))
        {
            RequireSchemaVersion2(root);
            Forbid(root, mediaType, "manifests");
            configType = descriptors.AddOne(root, "config", mustExist: true);
            descriptors.AddList(root, "layers", ContentKind.Blob);
        }
        else if (MediaTypes.IsIndex(mediaType))
        {
            RequireSchemaVersion2(root);
            Forbid(root, mediaType, "config", "layers", "fsLayers");
            descriptors.AddList(root, "manifests", ContentKind.Child);
        }
        else
        {
            configType = descriptors.AddOne(root, "config", mustExist: false);
            descriptors.AddList(root, "layers", ContentKind.Blob);
            descriptors.AddList(root, "blobs", ContentKind.Blob);
            descriptors.AddList(root, "manifests", ContentKind.Child);
        }

        var artifactType = DescriptorReader.OptionalString(root, "artifactType");
        return new ManifestFields
        {
            References = descriptors.References,
            Subject = descriptors.Subject(root),
            ArtifactType = string.IsNullOrEmpty(artifactType) ? configType : artifactType,
            Annotations = Annotations(root, descriptors.Required),
        };
    }

    private static void RequireSchemaVersion2(JsonElement root)
    {
        if (!root.TryGetProperty("schemaVersion", out var version)
            || version.ValueKind != JsonValueKind.Number
            || !version.TryGetInt32(out var number)
            || number != 2)
            throw new ManifestFormatException("schemaVersion must be 2.");
    }

    // A document that reads as an image and as an index means different things to different clients (CVE-2021-41190).
    private static void Forbid(JsonElement root, string mediaType, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
                throw new ManifestFormatException($"A manifest of type '{mediaType}' may not have the field '{name}'.");
        }
    }

    private static byte[]? Annotations(JsonElement root, bool required)
    {
        if (!root.TryGetProperty("annotations", out var annotations) || annotations.ValueKind == JsonValueKind.Null) return null;
        var valid = annotations.ValueKind == JsonValueKind.Object
            && annotations.EnumerateObject().All(annotation => annotation.Value.ValueKind == JsonValueKind.String);
        if (valid) return System.Text.Encoding.UTF8.GetBytes(annotations.GetRawText());
        return required ? throw new ManifestFormatException("annotations must be an object of strings.") : null;
    }
}
