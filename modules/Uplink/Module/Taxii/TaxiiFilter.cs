using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Appliance.Uplink.Stix;
using Microsoft.AspNetCore.Http;

namespace Appliance.Uplink.Taxii;

/// <summary>What a caller asks of a collection: TAXII 2.1, section 3.4.1.</summary>
internal sealed record TaxiiFilter
{
    /// <summary>Strictly after; null for everything.</summary>
    public DateTimeOffset? AddedAfter { get; init; }

    /// <summary>Objects per page, already cut to what the server gives.</summary>
    public required int Limit { get; init; }

    public string[]? Ids { get; init; }

    public string[]? Types { get; init; }

    /// <summary>False when the caller asks for a STIX version that is not kept here: nothing matches.</summary>
    public bool Speaks21 { get; init; } = true;

    public bool All { get; init; }

    public bool First { get; init; }

    public bool Last { get; init; }

    public DateTimeOffset[] Versions { get; init; } = [];

    /// <summary>Where the page begins: after this moment. From a verified <c>next</c>.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The filters without limit and place, for binding <c>next</c> to them.</summary>
    public required string Fingerprint { get; init; }

    private static readonly string[] s_object = ["spec_version", "version"];

    /// <summary>Reads the query string; null and a reason when any of it is wrong. Nothing is guessed: a wrong filter that yields an empty page loses data silently.</summary>
    /// <param name="query">The query.</param>
    /// <param name="endpoint">objects, object, manifest or versions: each allows its own filters.</param>
    /// <param name="place">Collection and object, part of what <c>next</c> is bound to.</param>
    /// <param name="pageObjects">The server's page.</param>
    /// <param name="key">Key of the cursors.</param>
    /// <param name="fault">What is wrong.</param>
    public static TaxiiFilter? Read(IQueryCollection query, string endpoint, string place, int pageObjects, byte[] key, out string fault)
    {
        fault = "";
        foreach (var name in query.Keys)
        {
            if (name is "added_after" or "limit" or "next")
            {
                if (query[name].Count > 1)
                    return Wrong(out fault, $"{name} is given twice.");
            }
            else if (name.StartsWith("match[", StringComparison.Ordinal) && (!name.EndsWith(']') || !Allowed(endpoint).Contains(name[6..^1])))
            {
                return Wrong(out fault, $"{name} is not a filter of this endpoint.");
            }
        }
        DateTimeOffset? after = null;
        if (query.TryGetValue("added_after", out var written))
        {
            if (!StixTime.TryRead(written, out var read))
                return Wrong(out fault, "added_after is not a time in UTC such as 2026-01-31T12:00:00.000000Z.");
            after = read;
        }
        var limit = pageObjects;
        if (query.TryGetValue("limit", out var wanted))
        {
            if (!int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit < 1)
            {
                if (wanted.ToString() is not { Length: > 0 } digits || !digits.All(char.IsAsciiDigit) || digits.All(d => d == '0'))
                    return Wrong(out fault, "limit is not a whole number above 0.");
                limit = pageObjects;
            }
            limit = Math.Min(limit, pageObjects);
        }
        var ids = Values(query, "id");
        if (ids is not null && ids.Any(i => !StixId.IsValid(i, out _)))
            return Wrong(out fault, "match[id] is not a STIX id.");
        var types = Values(query, "type");
        var spec = Values(query, "spec_version");
        if (spec is not null && spec.Any(s => s is not ("2.0" or "2.1")))
            return Wrong(out fault, "match[spec_version] is neither 2.0 nor 2.1.");
        var (all, first, last) = (false, false, false);
        var moments = new List<DateTimeOffset>();
        foreach (var version in endpoint == "versions" ? ["all"] : Values(query, "version") ?? ["last"])
        {
            if (version is "all" or "first" or "last")
                (all, first, last) = (all || version == "all", first || version == "first", last || version == "last");
            else if (StixTime.TryRead(version, out var moment))
                moments.Add(moment);
            else
                return Wrong(out fault, "match[version] is neither first, last, all nor a time.");
        }
        var print = Print(place, endpoint, query);
        DateTimeOffset? from = null;
        if (query.TryGetValue("next", out var next))
        {
            from = PageKey.Read(next.ToString(), print, key);
            if (from is null)
                return Wrong(out fault, "next is not valid here. Repeat it with exactly the filters of the page it came from, or begin again without it.");
        }
        return new()
        {
            AddedAfter = after,
            Limit = limit,
            Ids = ids,
            Types = types,
            Speaks21 = spec is null || spec.Contains("2.1"),
            All = all,
            First = first,
            Last = last,
            Versions = [.. moments],
            From = from,
            Fingerprint = print,
        };
    }

    private static string[] Allowed(string endpoint) => endpoint switch
    {
        "object" => s_object,
        "versions" => ["spec_version"],
        _ => ["id", "type", "spec_version", "version"],
    };

    /// <summary>Comma means OR; the same field twice is taken together.</summary>
    private static string[]? Values(IQueryCollection query, string field) =>
        query.TryGetValue($"match[{field}]", out var given)
            ? [.. given.SelectMany(g => (g ?? "").Split(',')).Select(g => g.Trim()).Where(g => g.Length > 0)]
            : null;

    private static string Print(string place, string endpoint, IQueryCollection query)
    {
        var text = new StringBuilder().Append(place).Append('\n').Append(endpoint).Append('\n').Append(query["added_after"].ToString());
        foreach (var field in (string[])["id", "type", "spec_version", "version"])
            text.Append('\n').Append(Values(query, field) is { } values ? string.Join(',', values.Order(StringComparer.Ordinal)) : "-");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static TaxiiFilter? Wrong(out string fault, string text)
    {
        fault = text;
        return null;
    }
}
