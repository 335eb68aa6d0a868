namespace Appliance.Contracts;

/// <summary>An advisory passed review and went out to the country.</summary>
[Event("watch.advisory-published")]
public sealed record AdvisoryPublished : EventRecord
{
    /// <summary>The advisory.</summary>
    public required AdvisoryId Advisory { get; init; }

    /// <summary>Its number as people say it, for example <c>ADV-2026-0003</c>.</summary>
    public required string Number { get; init; }

    /// <summary>1 for the first publication, raised with each.</summary>
    public required int Revision { get; init; }

    /// <summary>Title.</summary>
    public required string Title { get; init; }

    /// <summary>One paragraph.</summary>
    public required string Summary { get; init; }

    /// <summary>The text in Markdown without raw HTML.</summary>
    public required string Body { get; init; }

    /// <summary>Two-letter language of the text.</summary>
    public string Language { get; init; } = "en";

    /// <summary>1 (worst) to 4.</summary>
    public required int Severity { get; init; }

    /// <summary>CVE ids named.</summary>
    public IReadOnlyList<string> Cves { get; init; } = [];

    /// <summary>Indicators named.</summary>
    public IReadOnlyList<Observable> Observables { get; init; } = [];

    /// <inheritdoc/>
    public override string Aggregate => $"advisory/{Advisory}";
}
