using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using GeoRegistry.FrontDoor.Admin;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.FrontDoor.Regions;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit.Fuzzing;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace GeoRegistry.FrontDoor.Tests.Fuzzing;

/// <summary>
/// Whatever a client sends in a path, query or header is read or refused: nothing throws, and what is read is within its
/// bounds.
/// </summary>
public sealed class ParserFuzzTests(ITestOutputHelper output)
{
    private const int Inputs = 52_000, Manifests = 60_000;
    private const string Sha256 = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Registry = "registry:5000";
    private const string Session = "eu-3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    private static readonly string Sha512 = $"sha512:{new string('a', 128)}";

    private static readonly Dictionary<string, (string[] Examples, Action<string> Read)> Parsers = new()
    {
        ["route"] = (
            [
                "/v2/", "/v2/_catalog?n=5", "/v2/team/app/tags/list", $"/v2/a/manifests/{Sha256}", "/v2/a/blobs/sha256%3Aab",
                $"/v2/a/blobs/uploads/{Session}?digest={Sha256}", "http://host:5000/v2/a/referrers/x", "/v2/a/blobs/uploads/",
            ],
            text => Assert.True(OciRoute.Parse(text) is { Resource: OciResource.None } or { Name: not null, Reference: not null })),
        ["range"] = (["bytes=0-1", "bytes=-5", "bytes=10-", "bytes=0-1,5-9", "lines=0-1", "bytes=9-2"], ReadRange),
        ["entity tags"] = ([$"\"{Sha256}\"", $"W/\"{Sha256}\", *", "*", Sha256, "\"a\",\"b\""], ReadEntityTags),
        ["content range"] = (["0-5", "10-10", "5-0", "bytes 0-5/6", $"0-{long.MaxValue}"], ReadContentRange),
        ["write ids"] = (["release-1.2", "0123456789abcdef0123456789abcdef", new string('k', 255)], ReadWriteIds),
        ["paging"] = (
            ["n=5&last=b", "last=", "n=0", "n", "n=-1&n=2", "n=%35"],
            text => Assert.InRange(Paging.Of(Query(text), 100).Limit, 0, 100)),
        ["upload query"] = (
            [
                $"digest={Sha256}", $"mount={Sha256}&from=team/app", $"digest={Sha512}&digest-algorithm=sha512",
                "digest-algorithm=sha256", "from",
            ],
            text => Assert.NotNull(UploadQuery.Parse(Query(text), out _))),
        ["manifest target"] = ([$"{Sha256}?tag=a&tag=b", "v1", "v1?tag=x", $"{Sha512}?tag=", "?tag"], ReadManifestTarget),
        ["wait"] = (
            ["5s", "100ms", "1.5s", "0s", "3600000", "s", "ms"],
            text => Assert.InRange(
                ReplicationEndpoints.TryWait(text, out var wait) ? wait : default,
                TimeSpan.Zero,
                TimeSpan.FromMilliseconds(3_600_000_000))),
        ["receipt"] = (
            ["eu-7f3a9c01-1234", "eu-west-1-0000000a-7", "a-ffffffff-9223372036854775807"],
            text =>
            {
                if (FeedPosition.TryParse(text, out var read))
                    Assert.True(FeedPosition.TryParse(read.ToString(), out var again) && again == read && read.Number > 0);
            }),
        ["incarnation"] = (
            ["7f3a9c01", "0000000a"],
            text => { if (Incarnation.TryParse(text, out var read)) Assert.Equal(text, read.ToString()); }),
        ["write id"] = (
            ["0123456789abcdef0123456789abcdef"],
            text => { if (WriteId.TryParse(text, out var read)) Assert.Equal(text.ToLowerInvariant(), read.ToString()); }),
        ["digest"] = (
            [Sha256, Sha512],
            text =>
            {
                if (Digest.TryParse(text, out var read))
                    Assert.Equal((text, read), (read.ToString(), Digest.FromHash(read.Algorithm, read.ToHash())));
            }),
        ["tag"] = (["v1.2_3-x", "latest", "_"], text => { if (Tag.TryParse(text, out var read)) Assert.Equal(text, read.ToString()); }),
        ["repository"] = (
            ["team/app", "a__b/c--d/e.f", "library"],
            text => { if (RepositoryName.TryParse(text, out var read)) Assert.Equal(text, read.ToString()); }),
        ["region"] = (
            ["eu", "eu-west-1", "a1"],
            text => { if (RegionId.TryParse(text, out var read)) Assert.Equal(text, read.ToString()); }),
        ["upload"] = (
            [Session, "eu-west-1-3f2504e0-4f89-41d3-9a0c-0305e82c3301"],
            text =>
            {
                if (UploadId.TryParse(text, out var read))
                    Assert.True(UploadId.TryParse(read.ToString(), out var again) && again == read);
            }),
        ["reference"] = (
            [Sha256, "v1", Sha512],
            text => { if (Reference.TryParse(text, out var read)) Assert.Equal(text, read.ToString()); }),
        ["upload id"] = (
            [Session, "eu-west-1-3F2504E0-4F89-41D3-9A0C-0305E82C3301"],
            text => { if (UploadId.TryParse(text, out var read)) Assert.Equal(text.ToLowerInvariant(), read.ToString()); }),
        ["artifact type"] = (
            ["artifactType=application/spdx+json", "artifactType=a%2Bb", "artifactType=a&artifactType=b", "artifactType"],
            text => Assert.DoesNotContain(' ', ListEndpoints.ArtifactTypeOf(Query(text)) ?? "")),
        ["origin"] = (["https://ui.example", "http://registry:5000", "null", "https://ui.example:8443", "file:///a"], ReadOrigin),
        ["relayed headers"] = (["keep-alive, X-Note", "close", "J\u00f6rg", "te, trailers"], ReadRelayedHeaders),
        ["relayed target"] = (
            [
                $"http://host:5000/v2/a/manifests/{Sha256}?n=1", "https://host/v2/a/blobs/uploads/x#y", "/v2/a/manifests/%2e%2e", "*",
                "http://host/v2/a/manifests/%2e%2e", "http://host", "http://host?/v2/",
            ],
            text => Assert.Equal(OciRoute.Parse(text), OciRoute.Parse(Relay.OriginFormOf(text)))),
        ["durability"] = (["local", "one", "majority", "all"], text => TopologyReader.TryDurability(text, out _)),
        ["media type"] = (
            [MediaType.Image, "text/plain; charset=utf-8", "application/json;a=\"b;c\""],
            text => Assert.InRange(MediaTypes.WithoutParameters(text).Length, 0, text.Length)),
    };

    /// <summary>Uses neither of its collaborators where the upload's id is not one.</summary>
    private static readonly OciEndpoint Patch =
        new UploadEndpoints(null!, null!).Routes.Single(route => route.Method == HttpMethods.Patch);

    private static readonly byte[][] ManifestExamples =
    [
        .. new[]
        {
            $$$"""{"schemaVersion":2,"mediaType":"{{{MediaType.Image}}}","config":"""
            + $$$"""{"mediaType":"{{{MediaType.Config}}}","digest":"{{{Sha256}}}","size":2},"layers":"""
            + $$$"""[{"mediaType":"{{{MediaType.Layer}}}","digest":"{{{Sha512}}}","size":20,"urls":["x"]}],"annotations":{"a":"b"}}""",
            $$$"""{"schemaVersion":2,"manifests":"""
            + $$$"""[{"mediaType":"{{{MediaType.Image}}}","digest":"{{{Sha256}}}","size":7,"platform":{"os":"linux"}}]"""
            + $$$""","subject":{"mediaType":"a/b","digest":"{{{Sha256}}}","size":1},"artifactType":"a/b+c"}""",
            $$$"""{"mediaType":"a/b","blobs":[{"mediaType":"a/b","digest":"{{{Sha256}}}","size":0}],"layers":null"""
            + ""","x":[[[[1.5e300,null,true,"\u00e9\ud83d\ude00"]]]],"annotations":null}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public static TheoryData<string> ParserNames => [.. Parsers.Keys];

    [Theory]
    [MemberData(nameof(ParserNames))]
    public void Parser_OfMixedUpText_ReadsItOrRefusesIt(string parser) =>
        Fuzz.Texts(output, Inputs, Parsers[parser].Examples, Parsers[parser].Read);

    [Theory]
    [InlineData(null)]
    [InlineData(MediaType.Image)]
    [InlineData(MediaType.Index)]
    [InlineData("application/json")]
    public void ManifestReader_OfMixedUpBytes_AcceptsThemOrSaysWhyNot(string? contentType) =>
        Fuzz.Bytes(output, Manifests / 4, ManifestExamples, content =>
    {
        var digest = Digest.Of(content);
        if (ManifestReader.ReadPushed(content, contentType, digest) is not ManifestReading.Accepted { Manifest: var manifest }) return;
        Assert.True(MediaTypes.IsWellFormed(manifest.MediaType) && !MediaTypes.IsGeneric(manifest.MediaType), manifest.MediaType);
        Assert.Equal(content, manifest.Content.ToArray());

        // What was accepted once is read from the store for ever.
        Assert.IsType<ManifestReading.Accepted>(ManifestReader.Read(content, manifest.MediaType, digest));
        if (!manifest.ReferrerDescriptor.IsEmpty) System.Text.Json.JsonDocument.Parse(manifest.ReferrerDescriptor).Dispose();
    });

    private static void ReadRange(string text)
    {
        foreach (var size in new[] { 0, 1, 10, long.MaxValue })
        {
            var range = ByteRange.Parse(text, size);
            if (range.Kind != ByteRangeKind.Part) continue;
            Assert.InRange(range.Offset, 0, size - 1);
            Assert.InRange(range.LengthBytes, 1, size - range.Offset);
        }
    }

    // A chunk whose range can be read is answered that there is no such upload.
    private static void ReadContentRange(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal)) return; // No header has it, and the parser of numbers ignores it.
        var request = new DefaultHttpContext().Request;
        request.Headers.ContentRange = text;
        var answering = Patch.Handle(new OciRequest(request.HttpContext, RepositoryName.Parse("a"), "unknown"));
        Assert.True(answering.IsCompletedSuccessfully, $"{answering.Exception}");
        var offsets = Regex.Match(text, @"^([0-9]+)-([0-9]+)\z");
        var isRange = offsets.Success && Offset(1) <= Offset(2);
        Assert.Equal(isRange ? 404 : 400, request.HttpContext.Response.StatusCode);

        // What is beyond all numbers is one place: where no upload has a byte.
        BigInteger Offset(int group) =>
            BigInteger.Min(long.MaxValue - 1, BigInteger.Parse(offsets.Groups[group].Value, CultureInfo.InvariantCulture));
    }

    private static void ReadOrigin(string text)
    {
        foreach (var origins in new string[][] { [], ["https://ui.example"], [CrossOrigin.Any] })
        {
            var (http, isTaken) = (new DefaultHttpContext(), false);
            (http.Request.Method, http.Request.Headers.Origin) = (HttpMethods.Put, text);
            http.Request.Host = new HostString(Registry);
            var answering = new CrossOrigin(origins).HandleAsync(http, _ =>
            {
                isTaken = true;
                return Task.CompletedTask;
            });
            Assert.True(answering.IsCompletedSuccessfully, $"{answering.Exception}");
            Assert.Equal(isTaken ? 200 : 403, http.Response.StatusCode);
            var isOwn = Uri.TryCreate(text, UriKind.Absolute, out var page)
                && string.Equals(page.Authority, Registry, StringComparison.OrdinalIgnoreCase);
            Assert.True(!isTaken || text.Length == 0 || origins.Contains(text) || isOwn);
        }
    }

    private static void ReadRelayedHeaders(string text)
    {
        var headers = new HeaderDictionary { ["Connection"] = text, ["X-Note"] = text };
        try
        {
            Assert.All(RelayedHeaders.Of(headers), header => Assert.True(PeerHeaders.CanSend(header.Value)));
        }
        catch (BadHttpRequestException)
        {
            Assert.False(PeerHeaders.CanSend(text));
        }
    }

    private static void ReadWriteIds(string text)
    {
        var request = new DefaultHttpContext().Request;
        (request.Headers[WriteIds.IdempotencyKey], request.Headers[PeerHeaders.WriteId]) = (text, text);
        var ofKey = WriteIds.Of(request, isRelayed: false);
        Assert.Equal(text.Length is > 0 and <= 255 ? WriteId.OfKey(text) : null, ofKey);
        Assert.Equal(WriteId.TryParse(text, out var id) ? id : ofKey, WriteIds.Of(request, isRelayed: true));
    }

    private static void ReadEntityTags(string text)
    {
        var request = new DefaultHttpContext().Request;
        (request.Headers.IfMatch, request.Headers.IfNoneMatch, request.Headers.IfRange) = (text, text, text);
        _ = EntityTags.ClientHas(request, Digest.Parse(Sha256)) | EntityTags.RangeApplies(request, Digest.Parse(Sha256));
        _ = EntityTags.PreconditionOf(request);
    }

    private static void ReadManifestTarget(string text)
    {
        var query = text.IndexOf('?');
        var reference = query < 0 ? text : text[..query];
        var target = ManifestTarget.Parse(
            new OciRequest(Query(query < 0 ? "" : text[(query + 1)..]).HttpContext, RepositoryName.Parse("a"), reference), out var fault);
        Assert.Equal(fault is null, target.Digest is not null || target.Tags.Count > 0);
    }

    private static HttpRequest Query(string text)
    {
        var request = new DefaultHttpContext().Request;
        request.QueryString = new QueryString("?" + text);
        return request;
    }
}
