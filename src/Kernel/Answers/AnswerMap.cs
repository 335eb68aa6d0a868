using System.Globalization;
using Appliance.Contracts;

namespace Appliance.Kernel.Answers;

/// <summary>Reads a map of an answer file member by member. Whatever is missing, of the wrong shape or unknown is noted with its place; reading goes on, so that all faults come at once.</summary>
public sealed class AnswerMap(AnswerNode node, ICollection<AnswerFault> faults)
{
    private const int Longest = 1000;

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Where it stands.</summary>
    public string Path => node.Path;

    /// <summary>True when the member is there and not empty.</summary>
    public bool Has(string name) => Take(name) is { } found && found.Text is not "";

    /// <summary>A text; <paramref name="otherwise"/> where it is left out, and a fault when that is null.</summary>
    public string Text(string name, string? otherwise = null, int longest = Longest)
    {
        var found = Take(name);
        if (found is null || found.Text is "")
        {
            if (otherwise is null)
                Fault(name, "is missing");
            return otherwise ?? "";
        }
        if (found.Text is not { } text)
            Fault(name, "must be a text");
        else if (text.Length > longest)
            Fault(name, $"is longer than {longest} signs");
        else if (text.Any(c => char.IsControl(c) && c is not ('\n' or '\t')))
            Fault(name, "holds a control character");
        else
            return text;
        return otherwise ?? "";
    }

    /// <summary>A text that one of a few words must be; the first is the default.</summary>
    public string Choice(string name, params string[] words)
    {
        var text = Text(name, words[0]);
        if (words.Contains(text))
            return text;
        Fault(name, $"is '{text}'; write {string.Join(", ", words[..^1])} or {words[^1]}");
        return words[0];
    }

    /// <summary>yes or no.</summary>
    public bool Flag(string name) => Choice(name, "no", "yes", "false", "true") is "yes" or "true";

    /// <summary>A whole number.</summary>
    public int Number(string name, int otherwise, int low, int high)
    {
        var text = Text(name, "");
        if (text.Length == 0)
            return otherwise;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= low && number <= high)
            return number;
        Fault(name, $"is '{text}'; write a number from {low} to {high}");
        return otherwise;
    }

    /// <summary>A text that may stand in the file only sealed to the machine's key.</summary>
    public string Secret(string name)
    {
        var text = Text(name);
        if (text.Length > 0 && Take(name) is { WasSealed: false })
            Fault(name, "is a secret in the clear; seal it: cirt answers seal RECIPIENT");
        return text;
    }

    /// <summary>A list of texts; empty where it is left out. A single text counts as a list of one.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        var found = Take(name);
        if (found is null or { Text: "" })
            return [];
        if (found.Text is { } one)
            return [one];
        if (found.Items is not { } items || items.Any(i => i.Text is null))
        {
            Fault(name, "must be a list of texts");
            return [];
        }
        return [.. items.Select(i => i.Text!)];
    }

    /// <summary>A list of maps; each member is read by <paramref name="read"/>, and what that leaves unread is a fault.</summary>
    public IReadOnlyList<T> Maps<T>(string name, Func<AnswerMap, T> read)
    {
        var found = Take(name);
        if (found is null or { Text: "" })
            return [];
        if (found.Items is not { } items || items.Any(i => i.Members is null))
        {
            Fault(name, "must be a list, each entry with names and values");
            return [];
        }
        return [.. items.Select(i => Whole(i, read))];
    }

    /// <summary>A map inside this one, or null where it is left out.</summary>
    public T? Map<T>(string name, Func<AnswerMap, T> read)
        where T : class
    {
        var found = Take(name);
        if (found is null or { Text: "" })
            return null;
        if (found.Members is not null)
            return Whole(found, read);
        Fault(name, "must hold names and values");
        return null;
    }

    /// <summary>The names of all members, for a map whose keys are free.</summary>
    public IEnumerable<string> Names => node.Members?.Select(m => m.Key) ?? [];

    /// <summary>Notes a fault at a member, or at the map itself where <paramref name="name"/> is empty.</summary>
    public void Fault(string name, string reason, params object[] arguments)
    {
        var place = node.Find(name);
        faults.Add(new(name.Length == 0 ? node.Path : place?.Path ?? $"{node.Path}.{name}".TrimStart('.'), (place ?? node).Line, reason, arguments));
    }

    /// <summary>Notes a fault inside a text of several lines.</summary>
    /// <param name="name">The member.</param>
    /// <param name="line">Line of the text, from 1.</param>
    /// <param name="detail">What of that line.</param>
    /// <param name="reason">As in the other.</param>
    /// <param name="arguments">As in the other.</param>
    public void FaultInside(string name, int line, string detail, string reason, params object[] arguments)
    {
        var place = node.Find(name) ?? node;
        faults.Add(new($"{place.Path} {detail}".Trim(), place.Line + line, reason, arguments));
    }

    /// <summary>Notes refusals of an act's own check; <paramref name="rename"/> says what the act's field is called in the file.</summary>
    public void Fault(IEnumerable<Refusal> refusals, Func<string, string>? rename = null)
    {
        foreach (var refusal in refusals)
            Fault(refusal.Field is { } field ? (rename ?? Lower)(field) : "", refusal.Key, refusal.Arguments);
    }

    /// <summary>Notes every member that nobody read: a misspelt name must not pass in silence.</summary>
    public void NoOthers()
    {
        foreach (var (name, _) in (node.Members ?? []).Where(m => !_read.Contains(m.Key)))
            Fault(name, _read.Count > 0 ? $"is not known here; known are {string.Join(", ", _read.Order(StringComparer.Ordinal))}" : "is not known here");
    }

    private static string Lower(string field) => field.Length == 0 ? field : char.ToLowerInvariant(field[0]) + field[1..];

    private T Whole<T>(AnswerNode item, Func<AnswerMap, T> read)
    {
        var map = new AnswerMap(item, faults);
        var value = read(map);
        map.NoOthers();
        return value;
    }

    private AnswerNode? Take(string name)
    {
        _read.Add(name);
        return node.Find(name);
    }
}
