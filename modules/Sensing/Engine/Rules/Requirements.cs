namespace Appliance.Sensing.Engine.Rules;

/// <summary>The option <c>requires</c>: a rule that asks for another version or for a keyword this engine lacks is left out without being a fault, whatever else it holds.</summary>
internal static class Requirements
{
    private static readonly Version Ours = new(7, 0, 10);

    /// <summary>Reads the option out of the rule's text, before anything else of it is looked at.</summary>
    public static bool Met(string text, bool ignoreUnknown)
    {
        for (int at = text.IndexOf("requires:", StringComparison.Ordinal); at >= 0; at = text.IndexOf("requires:", at + 9, StringComparison.Ordinal))
        {
            if (!StandsAlone(text, at)) continue;
            int end = text.IndexOf(';', at);
            if (end < 0) return true;
            foreach (string item in text[(at + 9)..end].Split(','))
                if (!ItemMet(item.Trim(), ignoreUnknown)) return false;
        }
        return true;
    }

    /// <summary>An option's name follows a bracket or a semicolon; the same letters inside a pattern do not count.</summary>
    private static bool StandsAlone(string text, int at)
    {
        int before = at - 1;
        while (before >= 0 && char.IsWhiteSpace(text[before])) before--;
        return before >= 0 && text[before] is '(' or ';' && (before == 0 || text[before - 1] != '\\');
    }

    private static bool ItemMet(string item, bool ignoreUnknown)
    {
        int space = item.IndexOf(' ', StringComparison.Ordinal);
        string kind = space < 0 ? item : item[..space], value = space < 0 ? "" : item[space..].Trim();
        return kind switch
        {
            "version" => VersionFits(value),
            "keyword" => KeywordTable.Names.Contains(value),
            "feature" => value is "true" or "geoip" or "ja3" or "ja4",
            _ => ignoreUnknown,
        };
    }

    /// <summary>Alternatives parted by a bar, each a row of comparisons that must all hold: <c>>= 7.0.3 &lt; 8 | >= 9</c>.</summary>
    private static bool VersionFits(string wish)
    {
        foreach (string alternative in wish.Split('|'))
        {
            string[] words = alternative.Replace(">=", " >= ", StringComparison.Ordinal).Replace("<=", " <= ", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            bool all = words.Length > 0;
            for (int i = 0; i < words.Length && all; i++)
            {
                string op = new(words[i].TakeWhile(c => c is '<' or '>' or '=').ToArray());
                string number = words[i][op.Length..];
                if (number.Length == 0) number = ++i < words.Length ? words[i] : "";
                all = Version.TryParse(Fill(number), out Version? version) && Holds(op, Ours.CompareTo(version));
            }
            if (all) return true;
        }
        return false;
    }

    private static bool Holds(string op, int order) => op switch { ">=" => order >= 0, ">" => order > 0, "<=" => order <= 0, "<" => order < 0, _ => order == 0 };

    private static string Fill(string version)
    {
        int dash = version.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0) version = version[..dash];
        return version.Count(c => c == '.') switch { 0 => version + ".0.0", 1 => version + ".0", _ => version };
    }
}
