namespace GeoRegistry.FrontDoor.Oci;

/// <summary>The headers of the OCI API beside HTTP's own.</summary>
internal static class HeaderNames
{
    public const string DockerContentDigest = "Docker-Content-Digest";
    public const string DockerDistributionApiVersion = "Docker-Distribution-API-Version";
    public const string DockerUploadUuid = "Docker-Upload-UUID";
    public const string GeoRegistryDurability = "GeoRegistry-Durability";
    public const string GeoRegistryReceipt = "GeoRegistry-Receipt";
    public const string GeoRegistryServedBy = "GeoRegistry-Served-By";
    public const string GeoRegistryRegions = "GeoRegistry-Regions";
    public const string OciFiltersApplied = "OCI-Filters-Applied";
    public const string OciSubject = "OCI-Subject";
    public const string OciTag = "OCI-Tag";

    /// <summary>
    /// The value of <c>X-Content-Type-Options</c>: what clients pushed is of the type that they gave it, whatever it
    /// looks like.
    /// </summary>
    public const string NoSniff = "nosniff";
}
