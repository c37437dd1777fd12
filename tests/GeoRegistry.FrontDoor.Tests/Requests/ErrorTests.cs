using System.Text.Json;

namespace GeoRegistry.FrontDoor.Tests.Requests;

public sealed class ErrorTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Error Codes";
    private const string SomeDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    [Theory]
    [InlineData("GET", "blobs/" + SomeDigest, 404, "BLOB_UNKNOWN")]
    [InlineData("PATCH", "blobs/uploads/00000000-0000-4000-8000-000000000000", 404, "BLOB_UPLOAD_UNKNOWN")]
    [InlineData("GET", "blobs/sha256:0", 400, "DIGEST_INVALID")]
    [InlineData("PUT", "manifests/v2", 400, "MANIFEST_INVALID")]
    [InlineData("GET", "manifests/v2", 404, "MANIFEST_UNKNOWN")]
    [InlineData("GET", "UPPER/manifests/v2", 400, "NAME_INVALID")]
    [InlineData("GET", "never/tags/list", 404, "NAME_UNKNOWN")]
    [InlineData("PATCH", "tags/list", 405, "UNSUPPORTED")]
    [Clause(Section, Must, "If the response body is in JSON format, it MUST have the following format")]
    [Clause(Section, Must, "The code field MUST be a unique identifier, containing only uppercase alphabetic characters and underscores")]
    [Clause(Section, Must, "The code field MUST be one of the following")]
    [Clause(Section, Should, "The message field is OPTIONAL, and if present, it SHOULD be a human readable string or MAY be empty")]
    public async Task Errors_OfEachCode_AreInTheSpecificationsForm(string method, string rest, int status, string code)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        var answer = await repository.SendAsync(new HttpMethod(method), rest);
        answer.ExpectError(status, code);
        var error = answer.Json.GetProperty("errors")[0];
        Assert.Matches("^[A-Z_]+$", error.GetProperty("code").GetString());
        Assert.Contains(' ', error.GetProperty("message").GetString()!);
    }

    [Fact]
    [Clause(Section, Must, "If the response body is in JSON format, it MUST have the following format")]
    public async Task Errors_ThatQuoteTheRequest_AreStillJson()
    {
        var answer = await Registry.SendRawAsync("GET", "/v2/%22%3Cscript%3E%0A%5C/manifests/v1");
        Assert.Equal(JsonValueKind.Array, answer.Expect(400).Json.GetProperty("errors").ValueKind);
        Assert.DoesNotContain("text/html", answer.ContentType, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "Content-Type", "application/json", """{"error":"x"}""")]
    [InlineData(400, "Content-Type", "application/json", """{"errors":[]}""")]
    [InlineData(400, "Content-Type", "application/json", """{"errors":[{"code":"OOPS","message":"x"}]}""")]
    [InlineData(200, "Warning", "110 - \"Response is stale\"", "")]
    [InlineData(200, "Warning", "299 - \"late\" \"Wed, 21 Oct 2015 07:28:00 GMT\"", "")]
    [InlineData(200, "Warning", "299 example.org \"x\"", "")]
    [InlineData(404, "Content-Type", "application/json", "")]
    [InlineData(429, "Content-Type", "text/plain", "slow down")]
    [InlineData(200, "Content-Encoding", "gzip", "")]
    [Clause(Section, Should, "A 429 Too Many Requests response (RFC 6585 (section 4)) SHOULD include a Retry-After header")]
    [Clause(
        "Warnings", Must, "Warning headers MUST specify a warn-code of 299 and a warn-agent of -, and MUST NOT specify a warn-date value")]
    [Clause("GeoRegistry: errors", Promise, "Each answer in this suite is checked against these rules")]
    public void Rules_OfAnAnswerThatBreaksThem_Fail(int status, string header, string value, string body) =>
        Assert.ThrowsAny<Exception>(
            () => new Answer("GET /", status, [KeyValuePair.Create(header, value)], System.Text.Encoding.UTF8.GetBytes(body)));

    [Fact]
    [Clause("Warnings", Must, "A registry MUST NOT send more than 4096 bytes of warning data from all headers combined")]
    public void Rules_OfTooManyWarnings_Fail()
    {
        var warnings = Enumerable.Repeat(KeyValuePair.Create("Warning", $"299 - \"{new string('a', 1000)}\""), 4).ToArray();
        Assert.Equal(200, new Answer("GET /", 200, warnings, []).Status);
        Assert.ThrowsAny<Exception>(() => new Answer("GET /", 200, [.. warnings, warnings[0]], []));
    }
}
