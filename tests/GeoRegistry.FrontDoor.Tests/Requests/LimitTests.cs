namespace GeoRegistry.FrontDoor.Tests.Requests;

public sealed class LimitTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "GeoRegistry: limits";

    [Fact]
    [Clause(Section, Promise, "Headers over 32 KiB answer 431")]
    public async Task Get_WithHeadersOver32KiB_Answers431() => (await GetWithHeadersOfAsync(33 * 1024)).Expect(431);

    [Fact]
    [Clause(Section, Promise, "Headers below 32 KiB are read")]
    public async Task Get_WithHeadersBelow32KiB_IsAnswered() => (await GetWithHeadersOfAsync(30 * 1024)).Expect(200);

    [Fact]
    [Clause("Pushing Manifests", May, "MAY return a 414 Request-URI Too Long status if too many tags are included in the request")]
    public async Task Get_OfATargetThatIsTooLong_Answers414() =>
        (await Registry.SendRawAsync("GET", $"/v2/{new string('a', 33 * 1024)}/manifests/v1")).Expect(414);

    [Theory]
    [InlineData("Content-Length: -1")]
    [InlineData("Content-Length: 1\r\nContent-Length: 2")]
    [InlineData("Content-Length: x")]
    [InlineData("Transfer-Encoding: gzip")]
    [Clause("API", Should, "implementations SHOULD follow the HTTP semantics defined in RFC 9110")]
    public async Task Put_WithBrokenFraming_Answers400(string headers)
    {
        var repository = NewRepository();
        (await Registry.SendRawAsync(
            "PUT", repository.ManifestPath("v1"), $"Content-Type: {MediaType.Index}\r\n{headers}\r\n")).Expect(400);
        (await repository.HeadManifestAsync("v1")).Expect(404);
    }

    [Fact]
    [Clause(Section, Promise, "What is over a limit is refused by itself: the registry goes on")]
    public async Task Get_AfterRefusals_IsAnswered()
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await GetWithHeadersOfAsync(200 * 1024)).Expect(431);
        (await repository.GetManifestAsync("v1")).Expect(200);
    }

    private async Task<Answer> GetWithHeadersOfAsync(int bytes)
    {
        // Many lines rather than one, so that the limit met is that of the whole.
        const int PerLine = 1000;
        var lines = Enumerable.Range(0, bytes / PerLine).Select(i => $"X-{i:d3}: {new string('a', PerLine - 9)}\r\n");
        return await Registry.SendRawAsync("GET", "/v2/", string.Concat(lines));
    }
}
