using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Prefilter;

/// <summary>
/// Rules that have no literal to look for, only an expression, would be run over every packet. Where Hyperscan understands the expression it looks for it together with the others; what it
/// finds is then asked of PCRE2 as ever. Only plain syntax that both libraries read alike is taken, and it is searched in the library's prefilter mode, which finds too much rather than too little.
/// </summary>
internal static class SearchExpression
{
    private const uint NoCase = 0x8, EndOnly = 0x10, DotAll = 0x20, Multiline = 0x400;   // PCRE2's own numbers
    private const int Longest = 512;
    private const string Specials = "^$|()[]{}*+?.,-=!<>:;&%#@/~_'\" ";

    /// <summary>The expression that must match if the terms are to hold; null when there is none that can be searched for.</summary>
    public static SearchPattern? Of(Term[] terms)
    {
        if (terms.Length == 0 || terms[0] is not { Kind: TermKind.Pcre, Negated: false, Relative: false } term) return null;
        if ((term.PcreOptions & ~(NoCase | EndOnly | DotAll | Multiline)) != 0 || !IsPlain(term.Expression)) return null;
        uint flags = Hyperscan.Prefiltering | (Is(NoCase) ? Hyperscan.CaseLess : 0) | (Is(DotAll) ? Hyperscan.DotAll : 0) | (Is(Multiline) ? Hyperscan.MultiLine : 0);
        byte[] text = System.Text.Encoding.ASCII.GetBytes(term.Expression);
        return Hyperscan.Understands(text, flags) ? new SearchPattern(text, false, flags) : null;

        bool Is(uint option) => (term.PcreOptions & option) != 0;
    }

    private static bool IsPlain(string text)
    {
        if (text.Length is 0 or > Longest) return false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsAsciiLetterOrDigit(c)) continue;
            if (c == '\\')
            {
                if (++i == text.Length) return false;
                c = text[i];
                if (c == 'x')
                {
                    if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2])) return false;
                    i += 2;
                }
                else if (c is not ('d' or 'D' or 'w' or 'W' or 'r' or 'n' or 't') && (char.IsAsciiLetterOrDigit(c) || c is < ' ' or > '~')) return false;
                continue;
            }
            if (!Specials.Contains(c, StringComparison.Ordinal)) return false;
            // groups that only group; no named sets, no possessive repeats
            if (c == '(' && i + 1 < text.Length && text[i + 1] == '?' && (i + 2 >= text.Length || text[i + 2] != ':')) return false;
            if (c == '[' && i + 1 < text.Length && text[i + 1] is ':' or '.' or '=') return false;
            if (c == '+' && i > 0 && text[i - 1] is '+' or '*' or '?' or '}') return false;
        }
        return true;
    }
}

/// <summary>Stands in when patterns cannot be compiled together: every one is reported each time, and asked by itself.</summary>
internal sealed class EveryPattern : MultiMatcher
{
    public EveryPattern(int count) => PatternCount = count;

    public override void Prepare(SearchScratch scratch) => scratch.Ensure(PatternCount);

    public override void Search(ReadOnlySpan<byte> bytes, SearchScratch scratch)
    {
        scratch.Count = 0;
        for (uint i = 0; i < PatternCount; i++) scratch.Add(i);
    }
}
