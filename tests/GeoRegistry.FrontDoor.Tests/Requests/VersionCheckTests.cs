namespace GeoRegistry.FrontDoor.Tests.Requests;

[Endpoint("end-1")]
public sealed class VersionCheckTests(RegistryFixture registry) : ConformanceTest(registry)
{
    [Theory]
    [InlineData("/v2/")]
    [InlineData("/v2")]
    [Clause("Determining Support", Promise, "If the response is 200 OK, then the registry implements this specification")]
    public async Task Get_TheBase_Answers200WithAnEmptyObject(string target)
    {
        var answer = (await Registry.GetAsync(target)).Expect(200).ExpectHeader("Docker-Distribution-API-Version", "registry/2.0");
        Assert.Equal("{}", answer.Text.Trim());
    }

    [Fact]
    [Clause("API", Should, "implementations SHOULD follow the HTTP semantics defined in RFC 9110")]
    public async Task Head_TheBase_Answers200WithoutBody() =>
        Assert.Empty((await Registry.SendAsync(Head, "/v2/", null)).Expect(200).Body);
}
