using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>What is said of digests that are none.</summary>
internal static class DigestFaults
{
    public static RegistryError NotADigest(string? text) => RegistryError.Of(
        ErrorCode.DigestInvalid, $"'{text}' is not a digest: sha256 or sha512, a colon, and lower-case hexadecimal.");
}
