namespace GeoRegistry.TestKit.Stores;

/// <summary>What is asked of a blob store, or of an upload in it.</summary>
public enum StoreCall
{
    Find,
    StatMany,
    Open,
    Begin,
    Resume,
    ListUploads,
    List,
    Touch,
    Delete,
    Append,
    Flush,
    Truncate,
    Read,
    Commit,
    Discard,
}
