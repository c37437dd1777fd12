namespace GeoRegistry.FrontDoor.Tests.Content;

/// <summary>The media types of the OCI Image Spec and of Docker, as clients write them.</summary>
internal static class MediaType
{
    public const string Image = "application/vnd.oci.image.manifest.v1+json";

    public const string Index = "application/vnd.oci.image.index.v1+json";

    public const string Config = "application/vnd.oci.image.config.v1+json";

    public const string Layer = "application/vnd.oci.image.layer.v1.tar+gzip";

    public const string NondistributableLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";

    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    public const string DockerForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

    public const string Sbom = "application/vnd.example.sbom.v1";

    public const string Signature = "application/vnd.example.signature.v1";
}
