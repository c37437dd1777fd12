using GeoRegistry.Balancer.Forwarding;
using GeoRegistry.TestKit.Fuzzing;
using Xunit.Abstractions;

namespace GeoRegistry.Balancer.Tests.Forwarding;

public sealed class RepositoryPathTests(ITestOutputHelper output)
{
    private const int Inputs = 52_000;

    private static readonly string[] Resources = ["/manifests/", "/blobs/", "/tags/", "/referrers/"];

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

    [Theory]
    [InlineData("/v2/team/app/blobs/sha256:0", true)]
    [InlineData("/v2/blobs/blobs/sha256:0", true)]
    [InlineData("/v2/team/app/blobs/uploads/eu-1", false)]
    [InlineData("/v2/team/blobs/manifests/1", false)]
    [InlineData("/v2/", false)]
    [InlineData("/", false)]
    public void IsOfBlob_Path_IsWhetherItNamesABlob(string path, bool isOfBlob) =>
        Assert.Equal(isOfBlob, RepositoryPath.IsOfBlob(path));

    [Fact]
    public void RepositoryOf_MixedUpPaths_IsTheNameBeforeTheLastResourceOrNone() => Fuzz.Texts(
        output,
        Inputs,
        [
            "/v2/team/app/manifests/1", "/v2/a/blobs/uploads/eu-1", "/v2/team/app/tags/list", "/v2/a/referrers/sha256:0",
            "/v2/manifests/blobs/tags/list", "/v2/_catalog", "/v2/", "/healthz/ready",
        ],
        path =>
        {
            if (RepositoryPath.RepositoryOf(path) is not { } name) return;
            Assert.NotEmpty(name);
            Assert.StartsWith($"/v2/{name}/", path, StringComparison.Ordinal);
            var rest = path[$"/v2/{name}".Length..];
            Assert.Contains(Resources, resource => rest.StartsWith(resource, StringComparison.Ordinal));
            Assert.DoesNotContain(Resources, resource => rest[1..].Contains(resource, StringComparison.Ordinal));
        });
}
