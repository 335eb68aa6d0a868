using System.Text;
using Appliance.Contracts;

namespace Appliance.Kernel.Print;

/// <summary>A text that was shaped and broken into lines. Its lines are drawn one by one, so that it may go over any number of pages. Not thread-safe.</summary>
internal sealed unsafe class LaidText : IDisposable
{
    /// <summary>A longer one is cut: what is printed is to be read.</summary>
    public const int MostLetters = 20_000;

    private readonly nint _layout;

    private LaidText(nint layout) => _layout = layout;

    /// <summary>From the first to the last.</summary>
    public List<LaidLine> Lines { get; } = [];

    /// <summary>Points from the top of the first to the foot of the last line.</summary>
    public double Height => Lines.Sum(l => l.Height);

    /// <summary>Lays <paramref name="words"/> out for a width in points. The direction is the text's own; one without letters takes the page's.</summary>
    public static LaidText Of(Canvas canvas, PrintWords words, TextStyle style, double width)
    {
        var layout = Pango.CreateLayout(canvas.Cairo);
        var laid = new LaidText(layout);
        var context = Pango.ContextOf(layout);
        Pango.SetResolution(context, 72);
        Pango.SetBaseDirection(context, canvas.RightToLeft ? 1 : 0);
        Pango.SetLanguage(context, canvas.Language);
        Pango.ContextChanged(layout);
        Pango.SetOwnDirection(layout, 1);
        Pango.SetFont(layout, canvas.Font(style));
        Pango.SetWidth(layout, (int)(width * Pango.Scale));
        Pango.SetWrap(layout, 2);
        // A hyphen within a hash or an address would be read as a part of it.
        var attributes = Pango.CreateAttributes();
        Pango.Insert(attributes, Pango.Hyphens(0));
        Pango.SetAttributes(layout, attributes);
        Pango.ReleaseAttributes(attributes);
        var bytes = Encoding.UTF8.GetBytes(Readable(words));
        fixed (byte* text = bytes)
            Pango.SetText(layout, text, bytes.Length);
        laid.ReadLines();
        return laid;
    }

    /// <inheritdoc/>
    public void Dispose() => Pango.Release(_layout);

    /// <summary>As the pages show it: without links, and with everything visible that would deceive.</summary>
    internal static string Readable(PrintWords words)
    {
        var (shown, hidden) = Untrusted.Cap(words.Text ?? "", MostLetters);
        if (words.Foreign)
            shown = Untrusted.Defang(shown);
        var text = new StringBuilder(shown.Length);
        foreach (var part in Untrusted.Split(shown, keepLines: true))
            text.Append(part.Text);
        return hidden > 0 ? text.Append(" …").ToString() : text.ToString();
    }

    private void ReadLines()
    {
        var lines = Pango.Lines(_layout);
        try
        {
            do
            {
                Pango.Box box;
                Pango.Extents(lines, 0, &box);
                Lines.Add(new(Pango.Line(lines), Points(box.Width), Points(box.Height), Points(Pango.Baseline(lines) - box.Y)));
            }
            while (Pango.NextLine(lines) != 0);
        }
        finally
        {
            Pango.FreeLines(lines);
        }
    }

    private static double Points(int units) => (double)units / Pango.Scale;
}

/// <summary>One line: borrowed from its text.</summary>
/// <param name="Handle">PangoLayoutLine.</param>
/// <param name="Width">Points.</param>
/// <param name="Height">Points.</param>
/// <param name="Baseline">Points below its top.</param>
internal readonly record struct LaidLine(nint Handle, double Width, double Height, double Baseline);

/// <summary>How a text looks.</summary>
/// <param name="Size">Points.</param>
/// <param name="Bold">Heavier.</param>
/// <param name="Grey">0 black to 1 white.</param>
internal readonly record struct TextStyle(double Size, bool Bold = false, double Grey = 0)
{
    public static TextStyle Title => new(17, Bold: true);

    public static TextStyle Chapter => new(13, Bold: true);

    public static TextStyle Section => new(10.5, Bold: true);

    public static TextStyle Body => new(9.5);

    public static TextStyle Quiet => new(8.5, Grey: 0.35);

    public static TextStyle Small => new(8.5);

    public static TextStyle SmallBold => new(8.5, Bold: true);

    /// <summary>FIRST's TLP 2.0 asks for twelve points at least.</summary>
    public static TextStyle Label => new(12, Bold: true);
}
