using GeoRegistry.Ledgers.Verification;

namespace GeoRegistry.TestKit.Stores;

/// <summary>Scans all ledgers of a store.</summary>
public static class VerificationOfAll
{
    /// <summary>Scans one ledger after the other.</summary>
    /// <returns>What each scan found, in the store's order.</returns>
    public static async Task<IReadOnlyList<LedgerScanResult>> VerifyAllAsync(this ILedgerVerification store)
    {
        var (scans, cursor) = (new List<LedgerScanResult>(), 0L);
        while (await store.VerifyNextAsync(cursor) is { } scan)
        {
            Assert.True(scan.Cursor > cursor, $"The last ledger never came: {scan.Ledger} came again.");
            scans.Add(scan);
            cursor = scan.Cursor;
        }

        return scans;
    }
}
