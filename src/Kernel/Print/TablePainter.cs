using Appliance.Contracts;

namespace Appliance.Kernel.Print;

/// <summary>Draws tables: columns in the order of reading, the head again on every page, a row longer than a page cut between lines.</summary>
internal static class TablePainter
{
    private const double Full = Canvas.Right - Canvas.Left;

    private const double Gap = 8;

    public static void Paint(Canvas canvas, PrintTable table)
    {
        var weight = table.Columns.Sum(c => c.Weight);
        void Head() => Row(canvas, [.. table.Columns.Select(c => (PrintWords.Ours(c.Name), c.Weight / weight, c.Numeric))], [.. table.Columns.Select(_ => TextStyle.SmallBold)], ruled: true);
        canvas.Need(48);
        Head();
        var styles = table.Columns.Select(_ => TextStyle.Small).ToArray();
        foreach (var row in table.Rows)
            Row(canvas, [.. table.Columns.Select((c, i) => (i < row.Count ? row[i] : default, c.Weight / weight, c.Numeric))], styles, ruled: true, Head);
        canvas.Y += 8;
    }

    /// <summary>One row; each cell with its share of the width.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="cells">Words, share, and whether they stand at the end of their column.</param>
    /// <param name="styles">One a cell.</param>
    /// <param name="ruled">With a line below.</param>
    /// <param name="again">Draws the head on a page that the row goes on to.</param>
    public static void Row(Canvas canvas, IReadOnlyList<(PrintWords Words, double Share, bool AtEnd)> cells, IReadOnlyList<TextStyle> styles, bool ruled, Action? again = null)
    {
        var laid = new List<LaidText>(cells.Count);
        try
        {
            for (var i = 0; i < cells.Count; i++)
                laid.Add(LaidText.Of(canvas, cells[i].Words, styles[i], (cells[i].Share * Full) - Gap));
            var height = laid.Max(l => l.Height) + 4;
            // A row that a page can hold is not cut.
            if (canvas.Room < Math.Min(height, 200))
            {
                canvas.NewPage();
                again?.Invoke();
            }
            var next = new int[cells.Count];
            while (true)
            {
                Pango.BeginTag(canvas.Cairo, "P", "");
                var deepest = Strip(canvas, cells, styles, laid, next);
                Pango.EndTag(canvas.Cairo, "P");
                canvas.Y = deepest + 4;
                if (!next.Where((n, i) => n < laid[i].Lines.Count).Any())
                    break;
                canvas.NewPage();
                again?.Invoke();
            }
            if (ruled)
                canvas.Fill(Canvas.Left, canvas.Y - 2, Full, 0.4, 0.75, 0.75, 0.75);
        }
        finally
        {
            foreach (var text in laid)
                text.Dispose();
        }
    }

    /// <summary>As many lines of each cell as the page holds, at least one. Answers how far down they reach.</summary>
    private static double Strip(Canvas canvas, IReadOnlyList<(PrintWords Words, double Share, bool AtEnd)> cells, IReadOnlyList<TextStyle> styles, List<LaidText> laid, int[] next)
    {
        var (deepest, offset) = (canvas.Y, 0.0);
        for (var i = 0; i < cells.Count; i++)
        {
            var width = (cells[i].Share * Full) - Gap;
            var left = canvas.RightToLeft ? Canvas.Right - offset - width : Canvas.Left + offset;
            var y = canvas.Y;
            for (var first = true; next[i] < laid[i].Lines.Count && (first || y + laid[i].Lines[next[i]].Height <= Canvas.Bottom); first = false)
            {
                var line = laid[i].Lines[next[i]++];
                canvas.Draw(line, left, width, y, styles[i], cells[i].AtEnd);
                y += line.Height;
            }
            deepest = Math.Max(deepest, y);
            offset += cells[i].Share * Full;
        }
        return deepest;
    }
}
