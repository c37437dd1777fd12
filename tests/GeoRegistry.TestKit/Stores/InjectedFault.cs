namespace GeoRegistry.TestKit.Stores;

/// <summary>How a call to a store fails.</summary>
public enum InjectedFault
{
    /// <summary>It fails before it has done anything.</summary>
    NotRun,

    /// <summary>It is done, and the answer is lost, as with a lost connection.</summary>
    AnswerLost,

    /// <summary>It is cancelled before it has done anything.</summary>
    Cancelled,
}
