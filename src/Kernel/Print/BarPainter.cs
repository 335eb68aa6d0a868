using System.Globalization;
using Appliance.Contracts;

namespace Appliance.Kernel.Print;

/// <summary>Draws stacked bars over time, the latest where reading ends, with the names and sums of their parts below. Shades differ enough for a printer without colours.</summary>
internal static class BarPainter
{
    private const double Full = Canvas.Right - Canvas.Left, Deep = 70;

    private static readonly double[] s_shades = [0.15, 0.42, 0.62, 0.78, 0.88];

    public static void Paint(Canvas canvas, PrintBars bars)
    {
        var steps = bars.Parts.Count == 0 ? 0 : bars.Parts.Max(p => p.Values.Count);
        canvas.Need(Deep + 60);
        PagePainter.Text(canvas, PrintWords.Ours(bars.Title), TextStyle.SmallBold, after: 2);
        var most = Enumerable.Range(0, steps).Select(i => bars.Parts.Sum(p => At(p, i))).DefaultIfEmpty(0).Max();
        var foot = canvas.Y + Deep;
        var width = Full / Math.Max(1, steps);
        for (var i = 0; i < steps && most > 0; i++)
        {
            var left = canvas.RightToLeft ? Canvas.Right - ((i + 1) * width) : Canvas.Left + (i * width);
            var top = foot;
            for (var part = 0; part < bars.Parts.Count; part++)
            {
                var height = Deep * At(bars.Parts[part], i) / most;
                top -= height;
                var shade = s_shades[part % s_shades.Length];
                canvas.Fill(left, top, Math.Max(0.4, width * 0.85), height, shade, shade, shade);
            }
        }
        canvas.Fill(Canvas.Left, foot, Full, 0.5, 0.4, 0.4, 0.4);
        canvas.Y = foot + 2;
        TablePainter.Row(canvas, [(PrintWords.Ours(bars.From), 0.5, false), (PrintWords.Ours(bars.To), 0.5, true)], [TextStyle.Quiet, TextStyle.Quiet], ruled: false);
        foreach (var (index, part) in bars.Parts.Index())
            Legend(canvas, index, $"{part.Name}: {part.Values.Sum().ToString("N0", CultureInfo.InvariantCulture)}");
        canvas.Y += 8;
    }

    private static void Legend(Canvas canvas, int part, string words)
    {
        canvas.Need(14);
        var shade = s_shades[part % s_shades.Length];
        var left = canvas.RightToLeft ? Canvas.Right - 8 : Canvas.Left;
        canvas.Fill(left, canvas.Y + 2, 8, 8, shade, shade, shade);
        using var laid = LaidText.Of(canvas, PrintWords.Ours(words), TextStyle.Small, Full - 14);
        canvas.Draw(laid.Lines[0], canvas.RightToLeft ? Canvas.Left : Canvas.Left + 14, Full - 14, canvas.Y, TextStyle.Small);
        canvas.Y += laid.Lines[0].Height;
    }

    private static long At(PrintSeries part, int step) => step < part.Values.Count ? Math.Max(0, part.Values[step]) : 0;
}
