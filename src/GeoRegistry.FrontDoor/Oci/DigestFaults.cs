using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>The error for a text that is not a digest.</summary>
internal static class DigestFaults
{
    public static RegistryError NotADigest(string? text) => RegistryError.Of(
        ErrorCode.DigestInvalid, $"'{text}' is not a digest: sha256 or sha512, a colon, and lower-case hexadecimal.");
}
