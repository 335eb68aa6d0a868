using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Text with its defanged traces made whole, and the place of each character in the original. One pass, each group of signs of bounded length.</summary>
internal sealed class RefangedText
{
    /// <summary>Longest group of brackets, blanks and one sign that stands for the sign alone.</summary>
    private const int Group = 32;

    private readonly string _original;
    private readonly StringBuilder _text;
    private readonly List<int> _places;
    private bool _inHost;

    private RefangedText(string original)
    {
        _original = original;
        _text = new(original.Length);
        _places = new(original.Length);
        for (var i = 0; i < original.Length;)
            i = Step(i);
        Text = _text.ToString();
    }

    /// <summary>The clear text.</summary>
    public string Text { get; }

    /// <summary>Refangs <paramref name="original"/>.</summary>
    public static RefangedText Of(string original) => new(original);

    /// <summary>What stood there before.</summary>
    public string Raw(int start, int end) => end > start ? _original[_places[start]..(end < _places.Count ? _places[end] : _original.Length)].TrimEnd() : "";

    /// <summary>True when what stood there was written defanged.</summary>
    public bool WasDefanged(int start, int end) => end > start && (end < _places.Count ? _places[end] : _original.Length) - _places[start] > end - start;

    private int Step(int i)
    {
        var c = _original[i];
        if (Scheme(i) is { } scheme)
            return Put(scheme.Name + "://", i, scheme.Length, inHost: true);
        if (c == ':' && AfterWord() && string.CompareOrdinal(_original, i, "://", 0, 3) == 0)
            return Put("://", i, 3, inHost: true);
        if (_inHost)
        {
            // "http://example .com /test": the blanks were put in so that nothing makes a link of it.
            if (c == ' ' && i + 2 < _original.Length && ((_original[i + 1] == '.' && char.IsLetterOrDigit(_original[i + 2])) || (_original[i + 1] == '/' && !char.IsWhiteSpace(_original[i + 2]) && AfterWord())))
                return i + 1;
            if (c is '/' or '?' or '#' or '"' or '<' or '>' || char.IsWhiteSpace(c))
                _inHost = false;
        }
        if (c is '.' or '[' or '(' or '{' or '\\' or ' ' or '\t' or 'd' or 'D' && AfterWord())
        {
            if (Sign(i, ".", "dot") is var dot and > 0)
                return Put(".", i, dot, _inHost);
            if (Sign(i, "@", "at") is var at and > 0)
                return Put("@", i, at, _inHost);
        }
        foreach (var (from, to) in (ReadOnlySpan<(string, string)>)[("[://]", "://"), ("[:]", ":"), ("[:", ":"), (":]", ":"), ("[/]", "/"), ("[/", "/"), ("[@]", "@")])
            if (c == from[0] && string.CompareOrdinal(_original, i, from, 0, from.Length) == 0 && (from.Length == 3 || from.Length == 5 || AfterWord()))
                return Put(to, i, from.Length, _inHost && to != "/");
        return Put(c.ToString(), i, 1, _inHost);
    }

    private int Put(string text, int at, int length, bool inHost)
    {
        foreach (var c in text)
        {
            _text.Append(c);
            _places.Add(at);
        }
        _inHost = inHost;
        return at + length;
    }

    /// <summary>http, hxxp, h**p, ftp, fxp, ftx with an optional s, then <c>://</c> or what people write for it, then blanks.</summary>
    private (string Name, int Length)? Scheme(int i)
    {
        var text = _original;
        if (i + 5 >= text.Length || text[i] is not ('h' or 'H' or 'f' or 'F'))
            return null;
        string name;
        int at;
        if (text[i] is 'h' or 'H' && IsMasked(text[i + 1]) && IsMasked(text[i + 2]) && text[i + 3] is 'p' or 'P')
            (name, at) = ("http", i + 4);
        else if (text[i] is 'f' or 'F' && text[i + 1] is 't' or 'T' or 'x' or 'X' && text[i + 2] is 'p' or 'P' or 'x' or 'X' && (i == 0 || text[i - 1] is not ('s' or 'S' or 't' or 'T')))
            (name, at) = ("ftp", i + 3);
        else
            return null;
        if (text[at] is 's' or 'S')
            (name, at) = (name + "s", at + 1);
        var stop = Separator(at);
        if (stop < 0)
            return null;
        var blanks = stop;
        while (blanks < text.Length && blanks < stop + 3 && text[blanks] == ' ')
            blanks++;
        return (name, (blanks < text.Length && char.IsLetterOrDigit(text[blanks]) ? blanks : stop) - i);
    }

    /// <summary>The end of <c>://</c>, <c>:\\</c>, <c>__</c>, <c>:__</c>, <c>[:]//</c>, <c>[://]</c>, or -1.</summary>
    private int Separator(int at)
    {
        foreach (var form in (ReadOnlySpan<string>)["://", ":\\\\", ":__", "__", "[:]//", "[://]", "(:)//", "[:]\\\\", "[:]/[/]", ":[/][/]", "[:][/][/]", "[:]/", "[://", "://]", ":// "])
            if (string.CompareOrdinal(_original, at, form, 0, form.Length) == 0)
                return at + form.Length;
        return -1;
    }

    /// <summary>
    /// Length of a group that stands for a sign: brackets of any kind on either side, blanks where it is opened by one, backslashes before a dot; the word alone only
    /// between blanks. Nothing where the sign stands as it should. Both sides must continue a name, so that prose in brackets stays prose.
    /// </summary>
    private int Sign(int start, string sign, string word)
    {
        var text = _original;
        var most = Math.Min(text.Length, start + Group);
        var (i, opened, blanks) = (start, false, false);
        while (i < most && text[i] is '[' or '(' or '{' or ' ' or '\t' or '\\')
        {
            opened |= text[i] is not (' ' or '\t' or '\\');
            blanks |= text[i] is ' ' or '\t';
            // A backslash before a dot escapes it; before anything else it is a path.
            if (text[i] == '\\' && (sign != "." || blanks))
                return 0;
            i++;
        }
        if (i >= most)
            return 0;
        var isWord = char.IsLetter(text[i]);
        var length = isWord ? word.Length : 1;
        if (string.Compare(text, i, isWord ? word : sign, 0, length, StringComparison.OrdinalIgnoreCase) != 0)
            return 0;
        var escaped = i > start && text[i - 1] == '\\';
        i += length;
        var (closed, blanksAfter) = (false, false);
        while (i < most && text[i] is ']' or ')' or '}' or ' ' or '\t')
        {
            closed |= text[i] is not (' ' or '\t');
            blanksAfter |= text[i] is ' ' or '\t';
            i++;
        }
        if (i >= text.Length || !char.IsLetterOrDigit(text[i]) || !AfterWord() || i - start < 2)
            return 0;
        if (opened)
            return blanks && !closed && sign == "@" ? 0 : isWord && !closed && blanksAfter ? 0 : i - start;
        if (closed)
            return blanks || blanksAfter ? 0 : i - start;
        if (escaped)
            return blanksAfter ? 0 : i - start;
        if (!blanks || !blanksAfter)
            return 0;
        // "name @ example.org"; "dot" and "at" alone only where more of a name follows in the same manner.
        return !isWord ? sign == "@" ? i - start : 0 : sign == "." || MoreFollows(i) ? i - start : 0;
    }

    /// <summary>After "at": a name and then a defanged dot.</summary>
    private bool MoreFollows(int at)
    {
        var i = at;
        while (i < _original.Length && i - at < 64 && (char.IsLetterOrDigit(_original[i]) || _original[i] == '-'))
            i++;
        while (i < _original.Length && i - at < 80 && _original[i] is ' ' or '[' or '(' or '{')
            i++;
        return i > at && i + 1 < _original.Length && !char.IsLetterOrDigit(_original[i - 1])
            && (_original[i] == '.' || string.Compare(_original, i, "dot", 0, 3, StringComparison.OrdinalIgnoreCase) == 0);
    }

    private bool AfterWord() => _text.Length > 0 && (char.IsLetterOrDigit(_text[^1]) || (_inHost && _text[^1] == ']'));

    private static bool IsMasked(char c) => c is 't' or 'T' or 'x' or 'X' or '*';
}
