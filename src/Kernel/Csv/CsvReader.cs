using System.Text;

namespace Appliance.Kernel.Csv;

/// <summary>Why a row of a CSV file cannot be used.</summary>
public enum CsvFault
{
    /// <summary>The row is sound.</summary>
    None,

    /// <summary>A quote opened in this line is never closed.</summary>
    UnclosedQuote,

    /// <summary>Text follows a closing quote before the delimiter.</summary>
    TextAfterQuote,

    /// <summary>A cell is longer than allowed.</summary>
    CellTooLong,

    /// <summary>More cells than allowed.</summary>
    TooManyCells,
}

/// <summary>One row with the line it begins in.</summary>
/// <param name="Line">Counted from 1 in the file.</param>
/// <param name="Cells">As unquoted text; empty when <paramref name="Fault"/> is set.</param>
/// <param name="Fault">What is wrong.</param>
public sealed record CsvRow(int Line, IReadOnlyList<string> Cells, CsvFault Fault = CsvFault.None)
{
    /// <summary>True for a row of nothing but empty cells.</summary>
    public bool IsBlank => Fault == CsvFault.None && Cells.All(string.IsNullOrWhiteSpace);
}

/// <summary>Bounds on what a stranger's file may cost.</summary>
/// <param name="MaxCellChars">Longest cell.</param>
/// <param name="MaxCells">Most cells in a row.</param>
/// <param name="MaxLinesInCell">Most lines one quoted cell may span; past it the quote counts as unclosed.</param>
public sealed record CsvLimits(int MaxCellChars = 65_536, int MaxCells = 256, int MaxLinesInCell = 200);

/// <summary>Reads CSV by RFC 4180, tolerant in line ends and delimiter, strict in quotes: one bad row never swallows the next.</summary>
public static class CsvReader
{
    private static readonly char[] s_delimiters = [',', ';', '\t', '|'];

    /// <summary>The text of a file: UTF-8 with or without byte order mark, or UTF-16 with one; null when it is neither.</summary>
    public static string? Decode(ReadOnlySpan<byte> file)
    {
        try
        {
            if (file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
                return new UnicodeEncoding(false, true, true).GetString(file[2..]);
            if (file.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
                return new UnicodeEncoding(true, true, true).GetString(file[2..]);
            var text = file.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? file[3..] : file;
            return text.Contains((byte)0) ? null : new UTF8Encoding(false, true).GetString(text);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>The delimiter that the first line uses most, outside quotes; a comma when it uses none.</summary>
    public static char Delimiter(string text)
    {
        Span<int> counts = stackalloc int[s_delimiters.Length];
        var quoted = false;
        foreach (var c in text)
        {
            if (c == '"')
                quoted = !quoted;
            else if (!quoted && c is '\n' or '\r')
                break;
            else if (!quoted && Array.IndexOf(s_delimiters, c) is >= 0 and var at)
                counts[at]++;
        }
        var best = 0;
        for (var i = 1; i < counts.Length; i++)
            if (counts[i] > counts[best])
                best = i;
        return s_delimiters[best];
    }

    /// <summary>The rows in order, bad ones marked. After a bad row reading goes on at the line after the one it began in.</summary>
    public static IEnumerable<CsvRow> Read(string text, char delimiter, CsvLimits? limits = null)
    {
        limits ??= new();
        var (at, line) = (0, 1);
        while (at < text.Length)
        {
            var (start, startLine) = (at, line);
            var row = ReadRow(text, delimiter, limits, ref at, ref line);
            if (row.Fault != CsvFault.None)
            {
                at = EndOfLine(text, start);
                line = startLine;
                Step(text, ref at, ref line);
            }
            yield return row;
        }
    }

    private static CsvRow ReadRow(string text, char delimiter, CsvLimits limits, ref int at, ref int line)
    {
        var startLine = line;
        var cells = new List<string>();
        while (true)
        {
            var fault = ReadCell(text, delimiter, limits, ref at, ref line, out var cell);
            if (fault == CsvFault.None && cells.Count >= limits.MaxCells)
                fault = CsvFault.TooManyCells;
            if (fault != CsvFault.None)
                return new(startLine, [], fault);
            cells.Add(cell);
            if (at < text.Length && text[at] == delimiter)
            {
                at++;
                continue;
            }
            Step(text, ref at, ref line);
            return new(startLine, cells);
        }
    }

    private static CsvFault ReadCell(string text, char delimiter, CsvLimits limits, ref int at, ref int line, out string cell)
    {
        cell = "";
        if (at >= text.Length || text[at] != '"')
        {
            var start = at;
            while (at < text.Length && text[at] != delimiter && text[at] is not ('\n' or '\r'))
                at++;
            if (at - start > limits.MaxCellChars)
                return CsvFault.CellTooLong;
            cell = text[start..at];
            return CsvFault.None;
        }
        var content = new StringBuilder();
        var firstLine = line;
        at++;
        while (at < text.Length)
        {
            var c = text[at];
            if (c != '"')
            {
                content.Append(c);
                at++;
                if (c == '\n' || (c == '\r' && !(at < text.Length && text[at] == '\n')))
                    line++;
                if (content.Length > limits.MaxCellChars)
                    return CsvFault.CellTooLong;
                if (line - firstLine >= limits.MaxLinesInCell)
                    return CsvFault.UnclosedQuote;
                continue;
            }
            if (at + 1 < text.Length && text[at + 1] == '"')
            {
                content.Append('"');
                at += 2;
                continue;
            }
            at++;
            cell = content.ToString();
            return at >= text.Length || text[at] == delimiter || text[at] is '\n' or '\r' ? CsvFault.None : CsvFault.TextAfterQuote;
        }
        return CsvFault.UnclosedQuote;
    }

    private static int EndOfLine(string text, int at)
    {
        while (at < text.Length && text[at] is not ('\n' or '\r'))
            at++;
        return at;
    }

    /// <summary>Steps over one line end: LF, CRLF or CR.</summary>
    private static void Step(string text, ref int at, ref int line)
    {
        if (at >= text.Length)
            return;
        at += text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? 2 : 1;
        line++;
    }
}
