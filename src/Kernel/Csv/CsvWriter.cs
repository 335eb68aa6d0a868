using System.Text;

namespace Appliance.Kernel.Csv;

/// <summary>Writes CSV by RFC 4180 that a spreadsheet cannot mistake for formulas.</summary>
/// <remarks>A cell that begins with <c>= + - @</c>, their full-width forms, tab or a line end gets an apostrophe in front (OWASP, CSV injection); <see cref="Plain"/> takes it off again.</remarks>
public sealed class CsvWriter
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds one row.</summary>
    public CsvWriter Row(params IEnumerable<string?> cells)
    {
        var first = true;
        foreach (var cell in cells)
        {
            if (!first)
                _text.Append(',');
            first = false;
            Append(cell ?? "");
        }
        _text.Append("\r\n");
        return this;
    }

    /// <summary>The file so far.</summary>
    public override string ToString() => _text.ToString();

    /// <summary>The file with a byte order mark, so that spreadsheets read it as UTF-8.</summary>
    public byte[] ToBytes() => [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(_text.ToString())];

    /// <summary>What a cell meant before it was made safe.</summary>
    public static string Plain(string cell) => cell.Length > 1 && cell[0] == '\'' && IsRisky(cell[1]) ? cell[1..] : cell;

    // The full-width forms are taken for the plain ones by spreadsheets in East Asian editions.
    private static bool IsRisky(char c) => c is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20';

    private void Append(string cell)
    {
        var safe = cell.Length > 0 && IsRisky(cell[0]) ? "'" + cell : cell;
        if (!safe.AsSpan().ContainsAny("\",;\r\n\t") && !safe.StartsWith(' ') && !safe.EndsWith(' '))
        {
            _text.Append(safe);
            return;
        }
        _text.Append('"').Append(safe.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }
}
