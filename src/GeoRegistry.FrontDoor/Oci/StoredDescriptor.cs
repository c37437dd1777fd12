using System.Text.Json;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>
/// Descriptors of referrers in answers: media types as they were pushed, annotations as they are written in the
/// manifest.
/// </summary>
internal static class StoredDescriptor
{
    /// <summary>
    /// Writes a stored descriptor. Earlier builds stored the plus sign of media types as an escape, which is taken out
    /// here.
    /// </summary>
    public static void Write(Utf8JsonWriter json, ReadOnlyMemory<byte> stored)
    {
        if (stored.Span.IndexOf("\\u"u8) < 0)
        {
            json.WriteRawValue(stored.Span, skipInputValidation: true);
            return;
        }

        using var document = JsonDocument.Parse(stored);
        json.WriteStartObject();
        foreach (var field in document.RootElement.EnumerateObject())
        {
            json.WritePropertyName(field.Name);
            if (field.Value.ValueKind == JsonValueKind.String) json.WriteStringValue(field.Value.GetString());
            else json.WriteRawValue(field.Value.GetRawText(), skipInputValidation: true);
        }

        json.WriteEndObject();
    }
}
