using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>Compares what a restarted server serves with what the history allows.</summary>
internal sealed class Verifier(HttpClient http, Workload workload)
{
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = 4 };

    private readonly ConcurrentDictionary<Register, string?> _observed = new();
    private readonly ConcurrentQueue<string> _faults = new();

    /// <summary>Looks at every register that was written since the kill before, and at these.</summary>
    /// <returns>How many registers were looked at.</returns>
    public async Task<int> VerifyAsync(IEnumerable<Register> others)
    {
        var history = workload.History;
        await Parallel.ForEachAsync(history.Touched.Union(others), Parallelism, async (register, _) =>
        {
            var value = _observed[register] = await ObserveAsync(register);
            var possible = history.Possible(register);
            if (!possible.Contains(value))
                _faults.Enqueue($"{register} is {Show(value)}; acknowledged or in flight were {string.Join(", ", possible.Select(Show))}");
        });
        foreach (var torn in history.FindTorn(_observed)) _faults.Enqueue(torn);
        await Parallel.ForEachAsync(
            _observed.Where(register => register is { Key.Kind: RegisterKind.Tag, Value: not null }),
            Parallelism,
            (tag, _) => VerifyTagAsync(tag.Key, tag.Value!));
        await Parallel.ForEachAsync(
            _observed.Where(register => register is { Key.Kind: RegisterKind.Manifest, Value: not null }),
            Parallelism,
            (manifest, _) => VerifyBlobsOfAsync(manifest.Key));
        var faults = _faults.Concat(history.Faults).ToList();
        Assert.True(faults.Count == 0, $"{faults.Count} faults: {string.Join('\n', faults.Take(20))}");
        history.Settle(_observed);
        foreach (var repository in Workload.Repositories) await VerifyTagListAsync(repository);
        return _observed.Count;
    }

    private async Task<string?> ObserveAsync(Register register)
    {
        var client = new RepositoryClient(http, register.Repository);
        var answer = register.Kind == RegisterKind.Blob
            ? await client.GetBlobAsync(Digest.Parse(register.Name)) : await client.GetManifestAsync(register.Name);
        if (answer.Status == HttpStatusCode.NotFound) return null;
        answer.Expect(HttpStatusCode.OK);
        switch (register.Kind)
        {
            case RegisterKind.Tag:
                if (Digest.Of(answer.Body).ToString() != answer.Digest)
                    _faults.Enqueue($"{register} is said to be {answer.Digest}; its content is not");
                return answer.Digest;
            case RegisterKind.Manifest:
                if (!answer.Body.SequenceEqual(workload.Images[(register.Repository, register.Name)].Manifest))
                    _faults.Enqueue($"{register} has other bytes than were pushed");
                return register.Name;
            default:
                if (!answer.Body.SequenceEqual(workload.Blobs[register.Name].ToBytes()))
                    _faults.Enqueue($"{register} has other bytes than were pushed");
                return register.Name;
        }
    }

    // Whatever of a push happened, a tag never names what is not there.
    private async ValueTask VerifyTagAsync(Register tag, string digest)
    {
        var manifest = new Register(tag.Repository, RegisterKind.Manifest, digest);
        if (!_observed.TryGetValue(manifest, out var observed)) _observed[manifest] = observed = await ObserveAsync(manifest);
        if (observed is null) _faults.Enqueue($"{tag} names {digest}, which does not exist");
    }

    private async ValueTask VerifyBlobsOfAsync(Register manifest)
    {
        foreach (var blob in workload.Images[(manifest.Repository, manifest.Name)].Blobs)
        {
            var register = new Register(manifest.Repository, RegisterKind.Blob, $"{blob.Digest}");
            if (!_observed.TryGetValue(register, out var observed)) _observed[register] = observed = await ObserveAsync(register);
            if (observed is null) _faults.Enqueue($"{manifest} names {register}, which does not exist");
        }
    }

    private async Task VerifyTagListAsync(string repository)
    {
        var history = workload.History;
        var expected = history.Registers
            .Where(register => register.Kind == RegisterKind.Tag
                && register.Repository == repository
                && history.Settled(register) is not null)
            .Select(register => register.Name);
        var answer = await new RepositoryClient(http, repository).ListTagsAsync();
        var listed = answer.Status == HttpStatusCode.NotFound
            ? []
            : JsonDocument.Parse(answer.Expect(HttpStatusCode.OK).Body).RootElement.GetProperty("tags").EnumerateArray()
                .Select(tag => tag.GetString()!);
        Assert.Equal(expected.Order(StringComparer.Ordinal), listed);
    }

    private static string Show(string? value) => value ?? "nothing";
}
