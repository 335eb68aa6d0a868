namespace Appliance.Kernel.Mail;

/// <summary>Subjects as people's mail programs change them.</summary>
public static class SubjectLines
{
    private const int MostPrefixes = 20;

    private static readonly HashSet<string> s_prefixes = new(StringComparer.OrdinalIgnoreCase)
    {
        // Answers.
        "re", "aw", "antw", "antwort", "sv", "vs", "svar", "ref", "rif", "res", "resp", "odp", "ynt", "yan", "bls", "atb", "απ", "σχετ", "отв", "ответ", "на", "回复", "回覆", "答复", "答覆", "返信", "답장", "رد", "الرد", "השב", "תגובה", "r", "rv",
        // Forwarded.
        "fw", "fwd", "wg", "weiterl", "tr", "rtr", "i", "inoltro", "enc", "reenv", "doorst", "vb", "vl", "vidarebefordrat", "pd", "przekaz", "ilt", "πρθ", "пересл", "переслано", "转发", "轉寄", "転送", "전달", "إعادة توجيه", "تحويل", "הועבר",
    };

    /// <summary>The subject without what answering and forwarding put in front of it, in the languages of common mail programs; counted forms (<c>Re[2]:</c>, <c>Re^3:</c>) too.</summary>
    public static string Base(string subject)
    {
        var rest = subject.Trim();
        for (var i = 0; i < MostPrefixes; i++)
        {
            var colon = rest.AsSpan(0, Math.Min(rest.Length, 24)).IndexOfAny(':', '\uff1a');
            if (colon <= 0 || !s_prefixes.Contains(Word(rest[..colon])) || colon == rest.Length - 1)
                return rest;
            rest = rest[(colon + 1)..].TrimStart();
        }
        return rest;
    }

    /// <summary>True when something was put in front of it.</summary>
    public static bool IsAnswer(string subject) => Base(subject).Length < subject.Trim().Length;

    /// <summary>Without a count in brackets or behind a sign.</summary>
    private static string Word(string prefix)
    {
        var end = prefix.AsSpan().IndexOfAny("[(^*");
        return (end > 0 ? prefix[..end] : prefix).Trim();
    }
}
