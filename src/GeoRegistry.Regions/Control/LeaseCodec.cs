using System.Text.Json;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Regions.Control;

/// <summary>The form in which leases are stored: JSON.</summary>
internal static class LeaseCodec
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    public static byte[] Write(RegionLease lease) => JsonSerializer.SerializeToUtf8Bytes(Entry.Of(lease), Format);

    public static byte[] WriteAll(IEnumerable<RegionLease> leases) =>
        JsonSerializer.SerializeToUtf8Bytes(leases.Select(Entry.Of), Format);

    /// <exception cref="InvalidDataException">It is no lease.</exception>
    public static RegionLease Read(ReadOnlySpan<byte> json) => Parse<Entry>(json).ToLease();

    /// <exception cref="InvalidDataException">They are no leases.</exception>
    public static IReadOnlyList<RegionLease> ReadAll(ReadOnlySpan<byte> json) =>
        [.. Parse<Entry[]>(json).Select(entry => entry.ToLease())];

    private static T Parse<T>(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Format) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"A lease of a region cannot be read: {e.Message} Delete it: regions write theirs again.", e);
        }
    }

    private sealed record Entry(string Region, string Holder, long Counter)
    {
        public static Entry Of(RegionLease lease) => new(lease.Region.ToString(), lease.Holder, lease.Counter);

        public RegionLease ToLease() => RegionId.TryParse(Region, out var region)
            ? new RegionLease(region, Holder, Counter)
            : throw new InvalidDataException($"A lease names the region '{Region}', which is none. Delete it.");
    }
}
