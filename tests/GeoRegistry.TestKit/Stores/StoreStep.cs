namespace GeoRegistry.TestKit.Stores;

/// <summary>One call of a store within an operation.</summary>
/// <param name="Call">The method, or <c>Blob.</c> and the <see cref="StoreCall"/>.</param>
/// <param name="Number">Which of its calls, from 1.</param>
public readonly record struct StoreStep(string Call, int Number)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Call} {Number}";
}
