using Appliance.Contracts;

namespace Appliance.Kernel.Print;

/// <summary>Draws the blocks of a document, twice: the first time to know how many pages there are.</summary>
internal static class PagePainter
{
    private const double Full = Canvas.Right - Canvas.Left;

    /// <summary>Writes <paramref name="document"/> as PDF. Throws <see cref="InvalidDataException"/> for more pages than anybody reads.</summary>
    public static void Paint(PrintDocument document, Stream target)
    {
        using (var trial = new Canvas(document, 0, null))
        {
            Blocks(trial, document);
            trial.Finish();
            using var canvas = new Canvas(document, trial.Page, target);
            Blocks(canvas, document);
            canvas.Finish();
        }
    }

    private static void Blocks(Canvas canvas, PrintDocument document)
    {
        canvas.NewPage();
        Text(canvas, document.Maker, TextStyle.Quiet, after: 4);
        canvas.Mark(document.Title, 1);
        Text(canvas, document.Title, TextStyle.Title, tag: "H1", after: 10);
        foreach (var block in document.Blocks)
            Block(canvas, block);
    }

    private static void Block(Canvas canvas, PrintBlock block)
    {
        switch (block)
        {
            case PrintHeading heading:
                Heading(canvas, heading);
                break;
            case PrintText text:
                Text(canvas, text.Words, text.Quiet ? TextStyle.Quiet : TextStyle.Body, after: 6);
                break;
            case PrintFacts facts:
                foreach (var fact in facts.Facts)
                    TablePainter.Row(canvas, [(PrintWords.Ours(fact.Name), 0.28, false), (fact.Value, 0.72, false)], [TextStyle.Quiet, TextStyle.Body], ruled: false);
                canvas.Y += 6;
                break;
            case PrintEntry entry:
                canvas.Need(40);
                Text(canvas, entry.Head, TextStyle.SmallBold, after: 1);
                if (entry.Words.Text.Length > 0)
                    Text(canvas, entry.Words, TextStyle.Body, after: 0);
                canvas.Y += 7;
                break;
            case PrintTable table:
                TablePainter.Paint(canvas, table);
                break;
            case PrintBars bars:
                BarPainter.Paint(canvas, bars);
                break;
            default:
                throw new InvalidDataException($"a block of the kind '{block.GetType().Name}' cannot be drawn");
        }
    }

    private static void Heading(Canvas canvas, PrintHeading heading)
    {
        var chapter = heading.Level <= 1;
        canvas.Need(60);
        canvas.Y += chapter ? 12 : 6;
        canvas.Mark(heading.Words, 2);
        Text(canvas, heading.Words, chapter ? TextStyle.Chapter : TextStyle.Section, chapter ? "H2" : "H3", after: chapter ? 5 : 3);
    }

    /// <summary>A text over the whole width, over as many pages as it takes.</summary>
    internal static void Text(Canvas canvas, PrintWords words, TextStyle style, string tag = "P", double after = 0)
    {
        using var laid = LaidText.Of(canvas, words, style, Full);
        var tagged = false;
        foreach (var line in laid.Lines)
        {
            if (canvas.Room < line.Height)
            {
                if (tagged)
                    Pango.EndTag(canvas.Cairo, tag);
                tagged = false;
                canvas.NewPage();
            }
            if (!tagged)
                Pango.BeginTag(canvas.Cairo, tag, "");
            tagged = true;
            canvas.Draw(line, Canvas.Left, Full, canvas.Y, style);
            canvas.Y += line.Height;
        }
        if (tagged)
            Pango.EndTag(canvas.Cairo, tag);
        canvas.Y += after;
    }
}
