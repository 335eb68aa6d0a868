using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>Why there is nothing to show.</summary>
public enum ViewState
{
    /// <summary>There is nothing; the page says why and what to do.</summary>
    Empty,

    /// <summary>Being read.</summary>
    Loading,

    /// <summary>A part that is needed does not answer.</summary>
    Failed,

    /// <summary>The viewer may not.</summary>
    Forbidden,

    /// <summary>No such thing for this viewer.</summary>
    NotFound,
}

/// <summary>One link of the chain that an empty page shows: interface, packets, engine, importer, database, filters.</summary>
/// <param name="Text">What is checked, already translated.</param>
/// <param name="Good">True when it is as it should be, null when unknown.</param>
/// <param name="Detail">What was seen.</param>
/// <param name="Href">Page where it is put right.</param>
public sealed record DiagnosisStep(string Text, bool? Good, string Detail = "", string? Href = null);

internal static class Refusals
{
    public static ViewState State(IReadOnlyList<Refusal> refusals) => refusals.Count == 0 ? ViewState.Failed : refusals[0].Kind switch
    {
        RefusalKind.Forbidden => ViewState.Forbidden,
        RefusalKind.NotFound => ViewState.NotFound,
        _ => ViewState.Failed,
    };
}
