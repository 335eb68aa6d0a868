using Appliance.Contracts;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Feeds;

/// <summary>What is written down about a source.</summary>
internal sealed record FeedFields
{
    public static IReadOnlyList<string> Kinds { get; } = ["syndication", "csv", "carried"];

    public string Name { get; init; } = "";

    public string Url { get; init; } = "";

    /// <summary><c>syndication</c> (RSS, Atom), <c>csv</c>, or <c>carried</c>: files brought by hand.</summary>
    public string Kind { get; init; } = "syndication";

    public int EveryMinutes { get; init; } = 60;

    public CsvMapping Mapping { get; init; } = new();

    /// <summary>Marking of what it brings.</summary>
    public Tlp Tlp { get; init; } = Tlp.Clear;

    public bool Exercise { get; init; }

    public FeedFields Tidy() => this with { Name = PlainText.Literal(Name ?? "", 201), Url = (Url ?? "").Trim(), Kind = (Kind ?? "").Trim().ToLowerInvariant() };

    public IEnumerable<Refusal> Faults()
    {
        if (Name.Length is 0 or > 200)
            yield return Refuse.Invalid("watch.refused.feed-name", nameof(Name), 200);
        if (!Kinds.Contains(Kind))
            yield return Refuse.Invalid("watch.refused.feed-kind", nameof(Kind), Kind);
        if (EveryMinutes is < 5 or > 10_080)
            yield return Refuse.Invalid("watch.refused.feed-interval", nameof(EveryMinutes), 5, 10_080);
        if (Kind != "carried" && !IsWeb(Url))
            // A password in an address is one reason to refuse it, and no reason to repeat it.
            yield return Refuse.Invalid("watch.refused.feed-url", nameof(Url), Url.Contains('@', StringComparison.Ordinal) ? "…" : Url);
        if (Mapping.Delimiter.Length > 1)
            yield return Refuse.Invalid("watch.refused.feed-delimiter", nameof(Mapping), Mapping.Delimiter);
        if (!Enum.IsDefined(Tlp) || Tlp == Tlp.Red)
            yield return Refuse.Invalid("watch.refused.feed-tlp", nameof(Tlp));
    }

    private static bool IsWeb(string url) =>
        url.Length <= 2_000 && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && uri.Host.Length > 0;
}
