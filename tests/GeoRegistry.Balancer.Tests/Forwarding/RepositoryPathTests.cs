using GeoRegistry.Balancer.Forwarding;

namespace GeoRegistry.Balancer.Tests.Forwarding;

public sealed class RepositoryPathTests
{
    [Theory]
    [InlineData("/v2/team/app/manifests/1", "team/app")]
    [InlineData("/v2/team/app/blobs/sha256:0", "team/app")]
    [InlineData("/v2/team/app/blobs/uploads/", "team/app")]
    [InlineData("/v2/team/app/blobs/uploads/eu-1", "team/app")]
    [InlineData("/v2/team/app/tags/list", "team/app")]
    [InlineData("/v2/team/app/referrers/sha256:0", "team/app")]
    [InlineData("/v2/manifests/blobs/tags/list", "manifests/blobs")]
    [InlineData("/v2/", null)]
    [InlineData("/v2/_catalog", null)]
    [InlineData("/v2/manifests/1", null)]
    [InlineData("/healthz/ready", null)]
    public void RepositoryOf_Path_IsTheNameBeforeTheLastResource(string path, string? name) =>
        Assert.Equal(name, RepositoryPath.RepositoryOf(path));
}
