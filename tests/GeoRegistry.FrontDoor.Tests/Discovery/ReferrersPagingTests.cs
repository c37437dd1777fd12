namespace GeoRegistry.FrontDoor.Tests.Discovery;

public sealed class ReferrersPagingTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Listing Referrers";
    private const string Applied =
        "If filtering is requested and applied, the response MUST include a header OCI-Filters-Applied: artifactType"
        + " denoting that an artifactType filter was applied";

    private const int MaxPage = 1000;

    [Fact]
    [Endpoint("end-12b")]
    [Clause(Section, Should, "The registry SHOULD support filtering on artifactType")]
    [Clause(Section, Must, Applied)]
    public async Task Get_WithArtifactType_ListsThoseOnly()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var sbom = await repository.PushImageAsync(null, ManifestEdits.Subject(subject, MediaType.Sbom));
        var byConfig = await repository.PushImageAsync(null, ManifestEdits.Subject(subject));
        var plus = await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject, "application/spdx+json")));
        await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject)));

        Assert.Equal([sbom.Digest], await FilteredAsync(repository, subject, MediaType.Sbom));
        Assert.Equal([byConfig.Digest], await FilteredAsync(repository, subject, MediaType.Config));
        Assert.Equal([plus.Digest], await FilteredAsync(repository, subject, "application/spdx+json"));
        Assert.Empty(await FilteredAsync(repository, subject, MediaType.Signature));
    }

    [Fact]
    [Endpoint("end-12b")]
    [Clause(Section, Must, Applied)]
    public async Task Get_WithArtifactTypeOfWhatIsUnknown_IsAnEmptyIndex() =>
        Assert.Empty(await FilteredAsync(NewRepository(), ManifestContent.Of("{}", MediaType.Image), MediaType.Sbom));

    [Fact]
    [Endpoint("end-12b")]
    [Clause(
        "GeoRegistry: referrers",
        Promise,
        "The plus sign of a media type need not be escaped in the query; several types are left to the client to filter")]
    public async Task Get_WithAnUnescapedPlus_ListsThatType()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var spdx = await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject, "application/spdx+json")));
        await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject, MediaType.Sbom)));

        var answer = (await repository.GetAsync($"referrers/{subject.Digest}?artifactType=application/spdx+json")).Expect(200);
        Assert.Equal([spdx.Digest], Digests(answer.ExpectHeader("OCI-Filters-Applied", "artifactType")));
        var both = (await repository.GetAsync(
            $"referrers/{subject.Digest}?artifactType=application/spdx+json&artifactType={MediaType.Sbom}")).Expect(200);
        Assert.Equal((2, null), (Digests(both).Count(), both["OCI-Filters-Applied"]));
    }

    [Fact]
    [Endpoint("end-12a")]
    [Clause("GeoRegistry: referrers", Promise, "Media types are in the list as they were pushed, without escapes")]
    public async Task Get_OfTypesWithAPlus_HasThemAsText()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject, "application/spdx+json", ("a", "b"))));

        var text = (await repository.GetAsync($"referrers/{subject.Digest}")).Expect(200).Text;
        Assert.Contains($"\"mediaType\":\"{MediaType.Index}\",\"digest\"", text, StringComparison.Ordinal);
        Assert.Contains("\"artifactType\":\"application/spdx+json\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\\u002B", text, StringComparison.OrdinalIgnoreCase); // The list's own type neither.
    }

    [Theory]
    [InlineData("")]
    [InlineData("&artifactType=application/vnd.example.sbom.v1")]
    [Clause(Section, Must, "The Link header MUST be set according to RFC 5988 with the Relation Type rel=\"next\"")]
    [Clause(Section, Promise, "Each response is an image index with different descriptors in the manifests field")]
    public async Task Get_FollowingLinks_ListsEachReferrerOnce(string filter)
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var pushed = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            pushed.Add((await repository.PushAsync(Referrer(subject, i))).Digest);
            if (filter.Length > 0)
                await repository.PushAsync(ManifestContent.Index([], ManifestEdits.Subject(subject, MediaType.Signature, ("i", $"{i}"))));
        }

        var (listed, pages) = await FollowAsync(repository.Path($"referrers/{subject.Digest}?n=2{filter}"), filtered: filter.Length > 0);
        Assert.Equal(pushed.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal(3, pages);
    }

    [Fact]
    [Clause(
        Section, Must, "A Link header MUST be included in the response when the descriptor list cannot be returned in a single manifest")]
    public async Task Get_OfMoreThanAPage_HasALinkToTheRest()
    {
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        await Parallel.ForAsync(
            0,
            MaxPage + 1,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, _) => await repository.PushAsync(Referrer(subject, i)));

        var (listed, pages) = await FollowAsync(repository.Path($"referrers/{subject.Digest}"), filtered: false);
        Assert.Equal(MaxPage + 1, listed.Distinct().Count());
        Assert.Equal(MaxPage + 1, listed.Count);
        Assert.Equal(2, pages);
    }

    [Fact]
    [Clause(
        Section, Must, "A Link header MUST be included in the response when the descriptor list cannot be returned in a single manifest")]
    public async Task Get_OfReferrersWithLongAnnotations_IsNoLongerThanAManifestMayBe()
    {
        const int MiB = 1024 * 1024;
        var repository = NewRepository();
        var subject = await repository.PushImageAsync("v1");
        var pushed = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            var edit = ManifestEdits.Subject(subject, MediaType.Sbom, ("long", new string((char)('a' + i), (i + 1) * MiB / 2)));
            pushed.Add((await repository.PushAsync(ManifestContent.Index([], edit))).Digest);
        }

        var listed = new List<string>();
        for (var next = repository.Path($"referrers/{subject.Digest}"); next is not null;)
        {
            var answer = (await Registry.GetAsync(next)).Expect(200);
            Assert.InRange(answer.Body.Length, 1, 4 * MiB);
            listed.AddRange(Digests(answer));
            next = answer.NextPage;
            Assert.True(listed.Count <= pushed.Count, $"The last page never came: the next is {next}.");
        }

        Assert.Equal(pushed.Order(StringComparer.Ordinal), listed);
    }

    private static ManifestContent Referrer(ManifestContent subject, int i) =>
        ManifestContent.Index([], ManifestEdits.Subject(subject, MediaType.Sbom, ("i", $"{i}")));

    private static async Task<IEnumerable<string>> FilteredAsync(RepositoryClient repository, ManifestContent subject, string artifactType)
    {
        var answer = await repository.GetAsync($"referrers/{subject.Digest}?artifactType={Uri.EscapeDataString(artifactType)}");
        return Digests(answer.Expect(200).ExpectHeader("OCI-Filters-Applied", "artifactType"));
    }

    private async Task<(List<string> Digests, int Pages)> FollowAsync(string first, bool filtered)
    {
        const int MaxPages = 100;
        var (digests, pages) = (new List<string>(), 0);
        for (var next = first; next is not null; pages++)
        {
            var answer = (await Registry.GetAsync(next)).Expect(200).ExpectHeader("Content-Type", MediaType.Index);
            Assert.Equal(filtered ? "artifactType" : null, answer["OCI-Filters-Applied"]);
            digests.AddRange(Digests(answer));
            next = answer.NextPage;
            Assert.True(pages < MaxPages, $"The last page never came: after {MaxPages}, the next is {next}.");
            Assert.True(next is null || next.StartsWith('/'), $"{next} is not relative.");
        }

        return (digests, pages);
    }

    private static IEnumerable<string> Digests(Answer answer) =>
        answer.Json.GetProperty("manifests").EnumerateArray().Select(descriptor => descriptor.GetProperty("digest").GetString()!);
}
