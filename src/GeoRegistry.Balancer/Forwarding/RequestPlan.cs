using System.Collections.Immutable;
using GeoRegistry.Balancer.Regions;
using Microsoft.AspNetCore.Http.Features;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>Which regions one request tries, in which order, and what may be done where one of them does not answer it.</summary>
internal sealed class RequestPlan : IDisposable
{
    /// <summary>The header by which a region that may not have a repository names those that may: <c>eu, us</c>.</summary>
    public const string AllowedRegions = "GeoRegistry-Regions";

    private readonly ImmutableArray<Region> _all;
    private readonly RepositoryRegions _repositories;
    private readonly string? _repository;
    private readonly List<Region> _left;
    private readonly HashSet<Region> _deferred = [];
    private readonly List<string> _failures = [];

    public RequestPlan(HttpRequest request, RegionRoundRobin turns, RepositoryRegions repositories)
    {
        (_all, _repositories) = (turns.All, repositories);
        IsRead = IsReading(request);
        IsOfBlob = RepositoryPath.IsOfBlob(request.Path.Value ?? "");
        if (request.HttpContext.Features.GetRequiredFeature<IHttpRequestBodyDetectionFeature>().CanHaveBody)
        {
            Body = new ReplayableBody(request.BodyReader);
            request.Body = Body;
        }

        IsRepeatable = Body is null && (IsRead || HttpMethods.IsPost(request.Method));
        _repository = RepositoryPath.RepositoryOf(request.Path.Value ?? "");
        var known = _repository is null ? [] : repositories.Find(_repository);
        _left =
        [
            .. turns.Next(IsRead ? Readiness.Pulls : Readiness.Pushes)
                .OrderBy(region => known.IsEmpty || known.Contains(region) ? 0 : 1),
        ];
    }

    /// <summary>Whether the request changes nothing.</summary>
    public bool IsRead { get; }

    /// <summary>Whether the request can be done twice: it reads, or begins an upload, and has no body.</summary>
    /// <remarks>A second upload session is dropped when nobody continues it.</remarks>
    public bool IsRepeatable { get; }

    /// <summary>Whether the request, which a region may have seen, can go to another one now.</summary>
    public bool MayGoElsewhere => IsRepeatable || Body is { IsUntouched: true };

    /// <summary>The request's body; null where it has none.</summary>
    public ReplayableBody? Body { get; }

    /// <summary>Whether the request is about one blob.</summary>
    public bool IsOfBlob { get; }

    /// <summary>Whether a region is left.</summary>
    public bool HasAnother => _left.Count > 0;

    /// <summary>Whether a region is left that can serve pulls and has not been tried: one that may be quicker.</summary>
    public bool HasAnotherReady => _left.Exists(region => region.Readiness >= Readiness.Pulls && !_deferred.Contains(region));

    /// <summary>
    /// Whether the client has to send the request again to have it answered: another region may have the repository, but
    /// more of the body was read than is kept.
    /// </summary>
    public bool MustBeSentAgain { get; private set; }

    /// <summary>Why each region that was tried did not answer.</summary>
    public string Failures => string.Join("; ", _failures);

    /// <summary>Whether a request changes nothing.</summary>
    public static bool IsReading(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);

    /// <summary>Takes the next region to try; null where none is left.</summary>
    public Region? Next()
    {
        if (_left.Count == 0) return null;
        var next = _left[0];
        _left.RemoveAt(0);
        Body?.Replay();
        return next;
    }

    /// <summary>
    /// Lets a region that was left because it was slow be tried once more, after all others: it may be the only one that can answer
    /// a read, as while it hashes a big blob.
    /// </summary>
    public void Defer(Region region)
    {
        if (IsRead && region.Readiness != Readiness.Silent && _deferred.Add(region)) _left.Add(region);
    }

    /// <summary>Notes why a region did not answer.</summary>
    public void Failed(Region region, string why) => _failures.Add($"{region.Id}: {why}");

    /// <summary>
    /// Why a region's answer should not be given to the client, as another region may have a better one; null where it
    /// should.
    /// </summary>
    public string? WhyDeclined(Region region, HttpResponseMessage answer)
    {
        if ((int)answer.StatusCode == StatusCodes.Status403Forbidden && answer.Headers.TryGetValues(AllowedRegions, out var allowed))
            return WhyRefused(string.Join(',', allowed));
        if (_repository is not null && _repositories.Find(_repository) is { IsEmpty: false } known && !known.Contains(region))
            _repositories.Forget(_repository);
        return (int)answer.StatusCode >= StatusCodes.Status500InternalServerError && MayGoElsewhere && _left.Count > 0
            ? $"it answered {(int)answer.StatusCode}"
            : null;
    }

    public void Dispose() => Body?.Dispose();

    private string? WhyRefused(string allowed)
    {
        var ids = allowed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        ImmutableArray<Region> regions = [.. _all.Where(region => ids.Contains(region.Id.ToString()))];
        if (regions.IsEmpty) return null; // Nobody here has it: the refusal says who has.
        if (_repository is not null) _repositories.Remember(_repository, regions);
        _left.RemoveAll(region => !regions.Contains(region));
        MustBeSentAgain = _left.Count > 0 && Body is { CanReplay: false };
        return $"it may not have the repository, which is kept in {string.Join(", ", ids)}";
    }
}
