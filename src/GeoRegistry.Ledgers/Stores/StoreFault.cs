namespace GeoRegistry.Ledgers.Stores;

/// <summary>Why a store cannot be written, where its operator can help.</summary>
public enum StoreFault
{
    /// <summary>There is no space left on the disk, or none within the quota.</summary>
    Full,

    /// <summary>The file system is read-only.</summary>
    ReadOnly,

    /// <summary>The server's user lacks permission.</summary>
    NoPermission,
}
