namespace GeoRegistry.Ledgers.Stores;

/// <summary>Rows that were read and do not say what they must.</summary>
public static class DamagedRow
{
    /// <summary>Whether making a row into a value failed because of what it says.</summary>
    public static bool IsCauseOf(Exception failure) => failure is InvalidDataException or FormatException or ArgumentException
        or IndexOutOfRangeException or InvalidCastException;
}
