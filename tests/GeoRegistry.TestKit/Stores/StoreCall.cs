namespace GeoRegistry.TestKit.Stores;

/// <summary>What is asked of a blob store, or of an upload in it.</summary>
public enum StoreCall
{
    Find,
    Open,
    Begin,
    Resume,
    List,
    Delete,
    Append,
    Flush,
    Truncate,
    Read,
    Commit,
    Discard,
}
