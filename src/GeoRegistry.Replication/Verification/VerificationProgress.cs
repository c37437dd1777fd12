using System.Diagnostics.Metrics;
using GeoRegistry.Regions.Control;
using GeoRegistry.Repositories.Metrics;

namespace GeoRegistry.Replication.Verification;

/// <summary>
/// What verification has checked, found and repaired: the one mutable holder of it, which passes write and operators
/// read.
/// </summary>
public sealed class VerificationProgress(RegionMap map)
{
    /// <summary>
    /// How many findings that are not repaired are remembered: what is found beyond them is found again by a later pass, when some are.
    /// </summary>
    internal const int MaxOpen = 10_000;

    /// <summary>How many findings the status lists.</summary>
    internal const int MaxListed = 100;

    private static readonly Meter Meter = new(RegistryMetrics.MeterName);

    private static readonly Counter<long> LedgerCount = Meter.CreateCounter<long>(
        "georegistry.verification.ledgers", "{ledger}", "Ledgers whose rows were compared with their checksums.");

    private static readonly Counter<long> BlobCount = Meter.CreateCounter<long>(
        "georegistry.verification.blobs", "{blob}", "Blobs that were hashed again.");

    private static readonly Counter<long> ByteCount = Meter.CreateCounter<long>(
        "georegistry.verification.bytes", "By", "Bytes of blobs that were hashed again.");

    private static readonly Counter<long> FindingCount = Meter.CreateCounter<long>(
        "georegistry.verification.findings", "{finding}", "What was found damaged or missing, by kind.");

    private static readonly Counter<long> RepairCount = Meter.CreateCounter<long>(
        "georegistry.verification.repairs", "{repair}", "Findings that were repaired, by kind.");

    private readonly Lock _lock = new();
    private readonly OrderedDictionary<(string Kind, string Name), Finding> _open = [];
    private readonly Queue<Finding> _lastRepaired = [];
    private long _repaired;
    private VerificationStatus _status = new(map.Self.ToString(), 0, false, 0, 0, 0, 0, 0, 0, 0, 0, []);

    /// <summary>The status of a region.</summary>
    public VerificationStatus Read()
    {
        lock (_lock)
            return _status with
            {
                Findings = [.. _lastRepaired.Concat(_open.Values).TakeLast(MaxListed)],
                Found = _open.Count + _repaired,
                Repaired = _repaired,
            };
    }

    /// <summary>Records that the pass after this one was asked for.</summary>
    internal void Request() => Change(status => status with { Requested = status.Pass + 1 });

    internal void Begin() => Change(
        status => status with { Pass = status.Pass + 1, Running = true, Ledgers = 0, Compared = 0, Blobs = 0, Bytes = 0, Error = null },
        forgetRepaired: true);

    internal void End(string? error) => Change(status => status with { Running = false, Completed = status.Pass, Error = error });

    internal void Scanned()
    {
        LedgerCount.Add(1);
        Change(status => status with { Ledgers = status.Ledgers + 1 });
    }

    internal void Compared(int ledgers) => Change(status => status with { Compared = status.Compared + ledgers });

    internal void Hashed(long sizeBytes, bool counts)
    {
        BlobCount.Add(1);
        ByteCount.Add(sizeBytes);
        if (counts) Change(status => status with { Blobs = status.Blobs + 1, Bytes = status.Bytes + sizeBytes });
    }

    /// <summary>Records a finding.</summary>
    /// <returns>Whether it is new: not one that is known and not repaired yet, nor one more than <see cref="MaxOpen"/>.</returns>
    internal bool Found(string kind, string name, string fault)
    {
        lock (_lock)
        {
            if (_open.Count >= MaxOpen) return false;
            if (!_open.TryAdd((kind, name), new Finding(map.Self.ToString(), kind, name, fault, Repaired: false))) return false;
        }

        FindingCount.Add(1, KeyValuePair.Create<string, object?>("kind", kind));
        return true;
    }

    /// <summary>Records that a finding is repaired.</summary>
    /// <returns>Whether it was known and was not repaired before.</returns>
    internal bool Repaired(string kind, string name)
    {
        lock (_lock)
        {
            if (!_open.Remove((kind, name), out var finding)) return false;
            _lastRepaired.Enqueue(finding with { Repaired = true });
            if (_lastRepaired.Count > MaxListed) _lastRepaired.Dequeue();
            _repaired++;
        }

        RepairCount.Add(1, KeyValuePair.Create<string, object?>("kind", kind));
        return true;
    }

    /// <summary>Whether something was found, and is not repaired.</summary>
    internal bool IsOpen(string kind, string name)
    {
        lock (_lock) return _open.ContainsKey((kind, name));
    }

    /// <summary>The names of a kind's findings that are not repaired.</summary>
    internal IReadOnlyList<string> Open(string kind)
    {
        lock (_lock)
            return [.. _open.Values.Where(finding => finding.Kind == kind).Select(finding => finding.Name)];
    }

    private void Change(Func<VerificationStatus, VerificationStatus> change, bool forgetRepaired = false)
    {
        lock (_lock)
        {
            _status = change(_status);
            if (!forgetRepaired || _status.Requested != _status.Pass) return;
            _lastRepaired.Clear();
            _repaired = 0;
        }
    }
}
