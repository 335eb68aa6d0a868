using System.Text.RegularExpressions;
using Appliance.Contracts;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Advisories;

/// <summary>The text of an advisory.</summary>
internal sealed partial record AdvisoryFields
{
    public const int MaxBody = 100_000;

    public string Title { get; init; } = "";

    /// <summary>1 (worst) to 4.</summary>
    public int Severity { get; init; } = 3;

    public Tlp Tlp { get; init; } = Tlp.Green;

    public Pap Pap { get; init; } = Pap.Green;

    public bool Exercise { get; init; }

    /// <summary>One paragraph.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Markdown without raw HTML.</summary>
    public string Body { get; init; } = "";

    public IReadOnlyList<string> Cves { get; init; } = [];

    public IReadOnlyList<Observable> Observables { get; init; } = [];

    public IReadOnlyList<string> Links { get; init; } = [];

    public string Language { get; init; } = "en";

    public static IReadOnlyList<string> ObservableTypes { get; } = ["ipv4", "ipv6", "domain", "url", "email", "md5", "sha1", "sha256", "asn"];

    public AdvisoryFields Tidy() => this with
    {
        Title = PlainText.Literal(Title ?? "", 301),
        Summary = (Summary ?? "").Trim().ReplaceLineEndings("\n"),
        Body = (Body ?? "").Trim().ReplaceLineEndings("\n"),
        Cves = [.. (Cves ?? []).Select(c => c.Trim().ToUpperInvariant()).Where(c => c.Length > 0).Distinct()],
        Observables = [.. (Observables ?? []).Select(o => new Observable((o.Type ?? "").Trim().ToLowerInvariant(), (o.Value ?? "").Trim())).Where(o => o.Value.Length > 0).Distinct()],
        Links = [.. (Links ?? []).Select(l => l.Trim()).Where(l => l.Length > 0).Distinct()],
        Language = (Language ?? "").Trim().ToLowerInvariant(),
    };

    /// <summary>What no draft may have.</summary>
    public IEnumerable<Refusal> Faults()
    {
        if (Title.Length is 0 or > 300)
            yield return Refuse.Invalid("watch.refused.title", nameof(Title), 300);
        if (Severity is < 1 or > 4)
            yield return Refuse.Invalid("watch.refused.severity", nameof(Severity));
        // RED is for named people in a room or a call, not for a list of recipients.
        if (!Enum.IsDefined(Tlp) || Tlp == Tlp.Red)
            yield return Refuse.Invalid("watch.refused.advisory-red", nameof(Tlp));
        if (!Enum.IsDefined(Pap))
            yield return Refuse.Invalid("watch.refused.pap", nameof(Pap));
        if (Summary.Length > 4_000)
            yield return Refuse.Invalid("watch.refused.summary", nameof(Summary), 4_000);
        if (Body.Length > MaxBody)
            yield return Refuse.Invalid("watch.refused.body", nameof(Body), MaxBody);
        foreach (var cve in Cves.Where(c => !Cve().IsMatch(c)))
            yield return Refuse.Invalid("watch.refused.cve", nameof(Cves), cve);
        foreach (var link in Links.Where(l => l.Length > 2_000 || !Uri.TryCreate(l, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")))
            yield return Refuse.Invalid("watch.refused.link", nameof(Links), link);
        foreach (var observable in Observables.Where(o => !ObservableTypes.Contains(o.Type) || o.Value.Length > 2_000 || o.Value.Any(char.IsControl)))
            yield return Refuse.Invalid("watch.refused.observable", nameof(Observables), observable.Type, observable.Value);
        if (Cves.Count > 200 || Links.Count > 200 || Observables.Count > 5_000)
            yield return Refuse.Invalid("watch.refused.too-many-parts", null, 200, 5_000);
        if (!Languages.All.Contains(Language))
            yield return Refuse.Invalid("watch.refused.language", nameof(Language), Language);
    }

    /// <summary>What must be there before others are asked to read it.</summary>
    public IEnumerable<Refusal> Missing()
    {
        if (Summary.Length == 0)
            yield return Refuse.Invalid("watch.refused.no-summary", nameof(Summary));
        if (Body.Length == 0)
            yield return Refuse.Invalid("watch.refused.no-body", nameof(Body));
    }

    [GeneratedRegex(@"^CVE-\d{4}-\d{4,7}$", RegexOptions.NonBacktracking)]
    private static partial Regex Cve();
}
