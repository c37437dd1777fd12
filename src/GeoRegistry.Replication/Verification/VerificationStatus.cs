namespace GeoRegistry.Replication.Verification;

/// <summary>The state of a region's verification.</summary>
/// <param name="Region">The region.</param>
/// <param name="Pass">The number of the pass that runs or ran last since the start; 0 before the first.</param>
/// <param name="Running">Whether it runs.</param>
/// <param name="Requested">The number of the last pass that was asked for; it is done when <paramref name="Completed"/> has reached
/// it.</param>
/// <param name="Completed">The number of the last pass that ended.</param>
/// <param name="Ledgers">How many ledgers the pass has scanned.</param>
/// <param name="Compared">How many ledgers it has compared with their homes'.</param>
/// <param name="Blobs">How many blobs it has hashed.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Found">How much was found damaged or missing since the last pass that was asked for began, and before it if it was
/// not repaired then.</param>
/// <param name="Repaired">How much of that is repaired.</param>
/// <param name="Findings">The last findings, at most 100: those that are repaired, then those that are not.</param>
/// <param name="Error">Why a region's answer is missing, why the last pass failed, or which homes' ledgers it could not compare; null
/// otherwise, and while a pass runs.</param>
public sealed record VerificationStatus(
    string Region,
    long Pass,
    bool Running,
    long Requested,
    long Completed,
    long Ledgers,
    long Compared,
    long Blobs,
    long Bytes,
    long Found,
    long Repaired,
    IReadOnlyList<Finding> Findings,
    string? Error = null)
{
    /// <summary>The status of a region that did not answer.</summary>
    public static VerificationStatus Unreachable(string region, string? error) =>
        new(region, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, [], error ?? "it did not answer");
}
