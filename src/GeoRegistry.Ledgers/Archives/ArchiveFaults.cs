namespace GeoRegistry.Ledgers.Archives;

/// <summary>Why stores refuse to import.</summary>
public static class ArchiveFaults
{
    /// <summary>The store has something.</summary>
    public static InvalidDataException NotEmpty(RegionId self) =>
        new($"The metadata store of region {self} is not empty: an archive is imported into an empty one only.");

    /// <summary>A record that belongs to a ledger came without one.</summary>
    public static InvalidDataException OutOfOrder(ArchiveRecord record) =>
        new($"The archive is damaged: {record.GetType().Name} is in no ledger.");

    /// <summary>Refuses the archive of another region.</summary>
    /// <exception cref="InvalidDataException">It is another's.</exception>
    public static void ThrowUnlessOf(RegionId region, RegionId self)
    {
        if (region != self)
            throw new InvalidDataException($"The archive is of region {region}, and the store is that of region {self}.");
    }
}
