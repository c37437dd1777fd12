using System.Text;
using Google.Protobuf;

namespace GeoRegistry.TestKit;

/// <summary>A span as a server sent it over OTLP.</summary>
/// <param name="Region">The region that sent it: the resource's attribute <c>georegistry.region</c>.</param>
/// <param name="Name">Its name, such as <c>sqlite FindTag</c>.</param>
/// <param name="Trace">The trace that it is of, as hex digits.</param>
/// <param name="Id">Its own id, as hex digits.</param>
/// <param name="Parent">The id of the span above; empty for none.</param>
/// <param name="Attributes">Its attributes that are texts.</param>
public sealed record ReceivedSpan(
    string Region, string Name, string Trace, string Id, string Parent, IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>Reads a body of <c>/v1/traces</c>, an <c>ExportTraceServiceRequest</c>. What is not looked at is passed over.</summary>
    internal static IEnumerable<ReceivedSpan> Read(byte[] body) =>
        from resourceSpans in Messages(body, 1)
        let region = AttributesOf(Messages(resourceSpans, 1).Single(), 1).GetValueOrDefault("georegistry.region", "")
        from scopeSpans in Messages(resourceSpans, 2)
        from span in Messages(scopeSpans, 2)
        select new ReceivedSpan(
            region, Text(span, 5), Hex(span, 1), Hex(span, 2), Hex(span, 4), AttributesOf(span, 9));

    private static Dictionary<string, string> AttributesOf(byte[] message, int field) => Messages(message, field)
        .GroupBy(attribute => Text(attribute, 1))
        .ToDictionary(attribute => attribute.Key, attribute => Text(Messages(attribute.First(), 2).FirstOrDefault() ?? [], 1));

    private static string Text(byte[] message, int field) => Encoding.UTF8.GetString(Messages(message, field).FirstOrDefault() ?? []);

    private static string Hex(byte[] message, int field) =>
        Convert.ToHexStringLower(Messages(message, field).FirstOrDefault() ?? []);

    /// <summary>The values of a field whose values have a length: messages, texts and bytes.</summary>
    private static List<byte[]> Messages(byte[] message, int field)
    {
        var (values, input) = (new List<byte[]>(), new CodedInputStream(message));
        while (input.ReadTag() is var tag and not 0)
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited)) values.Add(input.ReadBytes().ToByteArray());
            else input.SkipLastField();
        }

        return values;
    }
}
