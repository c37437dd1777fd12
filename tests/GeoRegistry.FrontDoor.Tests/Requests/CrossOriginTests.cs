using GeoRegistry.TestKit;

namespace GeoRegistry.FrontDoor.Tests.Requests;

/// <summary>Pages of other origins, as browsers ask for them: off by default, and by <c>GeoRegistry:CorsOrigins</c>.</summary>
public sealed class CrossOriginTests : IAsyncLifetime
{
    private const string Ui = "https://ui.example", Other = "https://other.example";
    private const string Catalog = "/v2/_catalog", Status = "/api/v1/replication";

    private const string Uploads = "/v2/team/app/blobs/uploads/", Manifest = "/v2/team/app/manifests/1";
    private const string Retry = "/api/v1/replication/retry";

    private readonly TemporaryFolder _folder = new();
    private RegistryProcess? _server;
    private RegistryClient? _client;

    [Theory]
    [InlineData(Catalog)]
    [InlineData(Status)]
    public async Task Preflight_OfANamedOrigin_AllowsEveryMethodAndHeader(string path)
    {
        await StartAsync($"http://127.0.0.1:8080/; {Ui}");
        var answer = (await PreflightAsync(path, Ui, "DELETE")).Expect(204);
        answer.ExpectHeader("Access-Control-Allow-Origin", Ui).ExpectHeader("Vary", "Origin").ExpectHeader(
            "Access-Control-Allow-Headers", "Authorization, *");
        Assert.Contains("DELETE", answer["Access-Control-Allow-Methods"], StringComparison.Ordinal);
        Assert.Null(answer["Access-Control-Allow-Credentials"]);
    }

    [Fact]
    public async Task Preflight_OfAnotherOrigin_AllowsNothing()
    {
        await StartAsync(Ui);
        AssertNotAllowed((await PreflightAsync(Catalog, Other, "GET")).Expect(405));
        AssertNotAllowed((await _client!.GetAsync(Catalog, ("Origin", Other))).Expect(200).ExpectHeader("Vary", "Origin"));
        AssertNotAllowed((await _client.GetAsync(Catalog)).Expect(200).ExpectHeader("Vary", "Origin"));
    }

    [Fact]
    public async Task Preflight_WithoutTheOption_AllowsNothing()
    {
        await StartAsync("");
        AssertNotAllowed((await PreflightAsync(Catalog, Ui, "GET")).Expect(405));
        var answer = (await _client!.GetAsync(Catalog, ("Origin", Ui))).Expect(200);
        AssertNotAllowed(answer);
        Assert.Null(answer["Vary"]);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task Preflight_WhereAnyOriginIsAllowed_AllowsReadingOnly(string method)
    {
        await StartAsync("*");
        (await PreflightAsync(Catalog, Other, method)).Expect(204).ExpectHeader("Access-Control-Allow-Origin", "*").ExpectHeader(
            "Access-Control-Allow-Methods", "GET, HEAD");
        // Also where no page asks: a cache gives one answer to all.
        (await _client!.GetAsync(Catalog)).Expect(200).ExpectHeader("Access-Control-Allow-Origin", "*");
    }

    [Theory]
    [InlineData(Catalog, 200)]
    [InlineData(Status, 200)]
    [InlineData("/v2/none/manifests/1", 404)]
    [InlineData("/v2/none/tags/list", 404)]
    [InlineData("/api/v1/none", 404)]
    public async Task Get_ByAPageOfANamedOrigin_LetsItReadTheHeadersItNeeds(string path, int status)
    {
        await StartAsync(Ui);
        var answer = (await _client!.GetAsync(path, ("Origin", Ui))).Expect(status)
            .ExpectHeader("Access-Control-Allow-Origin", Ui)
            .ExpectHeader("Vary", "Origin");
        var exposed = answer["Access-Control-Expose-Headers"]!.Split(", ");
        Assert.Superset(
            new HashSet<string>
            {
                "Docker-Content-Digest", "Link", "WWW-Authenticate", "OCI-Filters-Applied", "OCI-Subject", "Warning",
                "GeoRegistry-Served-By", "GeoRegistry-Receipt", "GeoRegistry-Regions",
            },
            exposed.ToHashSet());
    }

    /// <summary>Browsers send these without a preflight: a form can.</summary>
    [Theory]
    [InlineData("", "POST", Uploads)]
    [InlineData("", "POST", Retry)]
    [InlineData("", "PUT", Manifest)]
    [InlineData("", "PATCH", Uploads)]
    [InlineData("", "DELETE", Manifest)]
    [InlineData(Ui, "POST", Uploads)]
    [InlineData("*", "POST", Uploads)]
    [InlineData("*", "POST", Retry)]
    public async Task Write_ByAPageOfAnotherOrigin_IsRefusedInWords(string origins, string method, string path)
    {
        await StartAsync(origins);
        foreach (var origin in new[] { Other, "null", $"http://{_server!.Address.Host}:1" })
        {
            var answer = (await _client!.SendAsync(new HttpMethod(method), path, null, ("Origin", origin))).Expect(403);
            Assert.Contains($"Pages of {origin} may not write here", answer.Text, StringComparison.Ordinal);
            Assert.Contains("\"DENIED\"", answer.Text, StringComparison.Ordinal);
        }

        (await _client!.SendAsync(HttpMethod.Post, Uploads, null, ("Origin", OwnOrigin), ("Sec-Fetch-Site", "cross-site"))).Expect(403);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Ui)]
    [InlineData("*")]
    public async Task Write_ByAPageOfTheRegistrysOwnOrigin_IsTaken(string origins)
    {
        await StartAsync(origins);
        (await _client!.SendAsync(HttpMethod.Post, Uploads, null, ("Origin", OwnOrigin))).Expect(202);
        // A proxy that speaks TLS, on the same host, or under another name that the browser compared.
        var secure = OwnOrigin.Replace("http:", "https:", StringComparison.Ordinal);
        (await _client.SendAsync(HttpMethod.Post, Uploads, null, ("Origin", secure))).Expect(202);
        (await _client.SendAsync(HttpMethod.Post, Uploads, null, ("Origin", Other), ("Sec-Fetch-Site", "same-origin"))).Expect(202);
        (await _client.SendAsync(HttpMethod.Post, Retry, null, ("Origin", OwnOrigin))).Expect(200);
    }

    [Fact]
    public async Task Write_ByAPageOfANamedOriginOrByNoPage_IsTaken()
    {
        await StartAsync(Ui);
        (await _client!.SendAsync(HttpMethod.Post, Uploads, null, ("Origin", Ui), ("Sec-Fetch-Site", "cross-site"))).Expect(202)
            .ExpectHeader("Access-Control-Allow-Origin", Ui);
        (await _client.SendAsync(HttpMethod.Post, Uploads, null)).Expect(202);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _client?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    private string OwnOrigin => _server!.Address.GetLeftPart(UriPartial.Authority);

    private static void AssertNotAllowed(Answer answer) => Assert.Null(answer["Access-Control-Allow-Origin"]);

    private Task<Answer> PreflightAsync(string path, string origin, string method) =>
        _client!.SendAsync(HttpMethod.Options, path, null, ("Origin", origin), ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", "authorization"));

    private async Task StartAsync(string origins)
    {
        _server = await OneRegion.StartAsync(_folder, "--GeoRegistry:CorsOrigins", origins);
        _client = new RegistryClient(_server.Address);
    }
}
