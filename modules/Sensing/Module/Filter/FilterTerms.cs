using System.Net;
using Appliance.Contracts;
using Dapper;

namespace Appliance.Sensing.Filter;

/// <summary>One word of the bar as it was typed, and where.</summary>
/// <param name="Text">As typed.</param>
/// <param name="At">Of its first character, from 0.</param>
internal sealed record FilterToken(string Text, int At)
{
    /// <summary><paramref name="query"/> without this word.</summary>
    public string Without(string query) => (query[..At].TrimEnd() + " " + query[(At + Text.Length)..].TrimStart()).Trim();
}

/// <summary>From and to, both included.</summary>
internal readonly record struct NumberRange(long From, long To);

/// <summary>
/// What was typed into a query bar, as values. One grammar for the inbox, records and rules: <c>field:value</c>, several values with commas or
/// <c>(field:a OR field:b)</c>, <c>-</c> before what must not be, <c>port:&gt;1024</c> and <c>port:1..99</c> for numbers, words and <c>"phrases"</c>.
/// </summary>
internal sealed record FilterTerms
{
    /// <summary>The fields, for hints. <c>ip</c> is either side.</summary>
    public static IReadOnlyList<string> Fields { get; } =
        ["ip", "src", "dst", "port", "proto", "name", "sid", "sev", "score", "count", "type", "flow", "sensor", "owner", "is", "after", "before"];

    /// <summary>What <c>is:</c> knows.</summary>
    public static IReadOnlyList<string> Traits { get; } = ["exercise", "replay", "ticket", "owner", "mine", "constituent", "new", "indicator"];

    public FieldValues<IPNetwork> Ip { get; init; } = new();

    public FieldValues<IPNetwork> Src { get; init; } = new();

    public FieldValues<IPNetwork> Dst { get; init; } = new();

    public FieldValues<NumberRange> Port { get; init; } = new();

    public FieldValues<NumberRange> Sid { get; init; } = new();

    public FieldValues<NumberRange> Severity { get; init; } = new();

    public FieldValues<NumberRange> Score { get; init; } = new();

    public FieldValues<NumberRange> Count { get; init; } = new();

    public FieldValues<string> Type { get; init; } = new();

    public FieldValues<string> Proto { get; init; } = new();

    public FieldValues<string> Name { get; init; } = new();

    public FieldValues<string> Sensor { get; init; } = new();

    /// <summary>Part of the name of who works on it.</summary>
    public FieldValues<string> Owner { get; init; } = new();

    public FieldValues<string> Is { get; init; } = new();

    public FieldValues<long> Flow { get; init; } = new();

    /// <summary>Arrived at or after this moment.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>Seen before this moment.</summary>
    public DateTimeOffset? Before { get; init; }

    public IReadOnlyList<string> Words { get; init; } = [];

    public IReadOnlyList<string> NotWords { get; init; } = [];

    /// <summary>Every word as typed, for chips.</summary>
    public IReadOnlyList<FilterToken> Tokens { get; init; } = [];

    /// <summary>The words as one ILIKE pattern, in their order; null when there are none.</summary>
    public string? Pattern => Words.Count == 0 ? null : "%" + string.Join('%', Words.Select(Escaped)) + "%";

    /// <summary>Reads the bar; a fault names the word and its place.</summary>
    public static Outcome<FilterTerms> Parse(string? text) => FilterParser.Parse(text ?? "");

    /// <summary>Adds the parameters that <see cref="FilterSql"/> asks for.</summary>
    public void AddTo(DynamicParameters parameters) => parameters.AddDynamicParams(new
    {
        // One network alone is a bound of an index; several are looked at row by row.
        ip = Ip.Wanted.Count == 1 ? Ip.Wanted[0].ToString() : null,
        src = Src.Wanted.Count == 1 ? Src.Wanted[0].ToString() : null,
        dst = Dst.Wanted.Count == 1 ? Dst.Wanted[0].ToString() : null,
        ips = Several(Ip),
        srcs = Several(Src),
        dsts = Several(Dst),
        not_ips = Unwanted(Ip),
        not_srcs = Unwanted(Src),
        not_dsts = Unwanted(Dst),
        port = Port.Wanted.Count == 0 ? null : Ranges(Port.Wanted),
        not_port = Port.Unwanted.Count == 0 ? null : Ranges(Port.Unwanted),
        sid = Sid.Wanted.Count == 1 && Sid.Wanted[0].From == Sid.Wanted[0].To ? Sid.Wanted[0].From : (long?)null,
        sids = Sid.Wanted.Count == 0 ? null : Ranges(Sid.Wanted),
        not_sids = Sid.Unwanted.Count == 0 ? null : Ranges(Sid.Unwanted),
        severity = Severity.Wanted.Count == 0 ? null : Ranges(Severity.Wanted),
        not_severity = Severity.Unwanted.Count == 0 ? null : Ranges(Severity.Unwanted),
        score = Score.Wanted.Count == 0 ? null : Ranges(Score.Wanted),
        counted = Count.Wanted.Count == 0 ? null : Ranges(Count.Wanted),
        types = Texts(Type.Wanted),
        not_types = Texts(Type.Unwanted),
        protos = Texts(Proto.Wanted),
        not_protos = Texts(Proto.Unwanted),
        names = Texts([.. Name.Wanted.Select(Like)]),
        not_names = Texts([.. Name.Unwanted.Select(Like)]),
        sensors = Texts(Sensor.Wanted),
        not_sensors = Texts(Sensor.Unwanted),
        owners = Texts([.. Owner.Wanted.Select(Like)]),
        not_owners = Texts([.. Owner.Unwanted.Select(Like)]),
        traits = Texts(Is.Wanted),
        not_traits = Texts(Is.Unwanted),
        flows = Flow.Wanted.Count == 0 ? null : Flow.Wanted.ToArray(),
        after = After,
        before = Before,
        pattern = Pattern,
        not_patterns = Texts([.. NotWords.Select(Like)]),
    });

    private static string Like(string text) => "%" + Escaped(text) + "%";

    /// <summary>As part of a pattern that means nothing else.</summary>
    public static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

    private static string[]? Several(FieldValues<IPNetwork> field) => field.Wanted.Count < 2 ? null : [.. field.Wanted.Select(static n => n.ToString())];

    private static string[]? Unwanted(FieldValues<IPNetwork> field) => field.Unwanted.Count == 0 ? null : [.. field.Unwanted.Select(static n => n.ToString())];

    private static string[]? Texts(IReadOnlyList<string> values) => values.Count == 0 ? null : [.. values];

    /// <summary>As a multirange: <c>{[80,81),[443,444)}</c>.</summary>
    private static string Ranges(IReadOnlyList<NumberRange> ranges) => "{" + string.Join(',', ranges.Select(static r => FormattableString.Invariant($"[{r.From},{r.To}]"))) + "}";
}

/// <summary>The values of one field: any of the wanted, none of the unwanted.</summary>
internal sealed record FieldValues<T>
{
    public IReadOnlyList<T> Wanted { get; init; } = [];

    public IReadOnlyList<T> Unwanted { get; init; } = [];

    public FieldValues<T> With(IEnumerable<T> values, bool not) => not ? this with { Unwanted = [.. Unwanted, .. values] } : this with { Wanted = [.. Wanted, .. values] };
}
