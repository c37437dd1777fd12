using Xunit.Sdk;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>
/// The checker sees what is missing: a recording of the real server without some of its syncs, or in another order, is
/// found out.
/// </summary>
public sealed class PowerLossCheckerTests(RecordedRun run) : IClassFixture<RecordedRun>
{
    [Theory]
    [InlineData("/blobs/uploads/", "could be there with other bytes")]
    [InlineData("/blobs/sha256/", "would be gone or not whole")]
    [InlineData("/blobs/sha256", "would be gone or not whole")]
    [InlineData("/metadata.db-wal", "would not have the blob")]
    [InlineData("/lib", "would be gone or not whole")]
    public async Task Follow_SyncsAreMissing_IsFoundOut(string where, string problem) =>
        await AssertFoundOutAsync(run.Scenario.Steps.Where(step => !IsSync(step) || !IsAt(step, where)), problem);

    [Fact]
    public async Task Follow_FileIsNamedBeforeItIsSynced_IsFoundOut()
    {
        // Each upload's sync comes after the rename that followed it.
        var (steps, held) = (new List<TraceStep>(), new List<TraceStep>());
        foreach (var step in run.Scenario.Steps)
        {
            if (IsSync(step) && IsAt(step, "/blobs/uploads/"))
            {
                held.Add(step);
                continue;
            }

            steps.Add(step);
            if (step is not { IsReturn: true, Call.Name: "rename" }) continue;
            steps.AddRange(held);
            held.Clear();
        }

        await AssertFoundOutAsync(steps, "could be there with other bytes");
    }

    [Fact]
    public async Task Follow_LinkIsOnDiskBeforeItsBlob_IsFoundOut()
    {
        // The folders of blobs are synced when all else is done, and no answer is sent before.
        bool IsLate(TraceStep step) => IsSync(step) && IsAt(step, "/blobs/sha256/");
        var steps = run.Scenario.Steps.Where(step => !ExchangeReader.IsAnswer(step)).ToList();
        await AssertFoundOutAsync([.. steps.Where(step => !IsLate(step)), .. steps.Where(IsLate)], "would have the blob");
    }

    private async Task AssertFoundOutAsync(IEnumerable<TraceStep> steps, string problem)
    {
        var checker = new PowerLossChecker(run.Scenario.NewDisk(), PowerLossScenario.Data);
        var found = await Assert.ThrowsAsync<XunitException>(() => checker.FollowAsync(steps));
        Assert.StartsWith("If power failed at ", found.Message, StringComparison.Ordinal);
        Assert.Contains(problem, found.Message, StringComparison.Ordinal);
    }

    private static bool IsSync(TraceStep step) => step.Call.Name is "fsync" or "fdatasync";

    private static bool IsAt(TraceStep step, string where) =>
        step.Call.Target(0) is { } path
            && (where.EndsWith('/') ? path.Contains(where, StringComparison.Ordinal) : path.EndsWith(where, StringComparison.Ordinal));
}
