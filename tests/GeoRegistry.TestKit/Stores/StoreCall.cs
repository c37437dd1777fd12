namespace GeoRegistry.TestKit.Stores;

/// <summary>What is asked of a blob store, of an open blob (<see cref="ReadBlob"/>), or of an upload in it.</summary>
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
    SetAside,
    ReadBlob,
    Append,
    Flush,
    Truncate,
    Read,
    Commit,
    Discard,
}
