using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Appliance.Contracts;

namespace Appliance.Kernel.Print;

/// <summary>Pages of A4 that become a PDF, with what stands on each of them: the label above and below (FIRST TLP 2.0), the document's name, the number of the page. Not thread-safe.</summary>
internal sealed unsafe class Canvas : IDisposable
{
    public const double Width = 595.28, Height = 841.89, Left = 48, Right = Width - 48, Top = 76, Bottom = Height - 70;

    /// <summary>A document that takes more is refused: nobody reads it.</summary>
    public const int MostPages = 2000;

    private static readonly Dictionary<string, (double R, double G, double B)> s_labels = new(StringComparer.Ordinal)
    {
        ["TLP:RED"] = (1, 0.169, 0.169),
        ["TLP:AMBER"] = (1, 0.753, 0),
        ["TLP:AMBER+STRICT"] = (1, 0.753, 0),
        ["TLP:GREEN"] = (0.2, 1, 0),
        ["TLP:CLEAR"] = (1, 1, 1),
    };

    private readonly PrintDocument _document;
    private readonly int _pages;
    private readonly nint _surface;
    private readonly GCHandle _target;
    private readonly Dictionary<TextStyle, nint> _fonts = [];
    private readonly int[] _outline = new int[3];
    private bool _open;

    /// <summary>Begins the document.</summary>
    /// <param name="document">What is printed.</param>
    /// <param name="pages">How many pages it has, when that is known.</param>
    /// <param name="target">Takes the PDF, or null to count pages only.</param>
    public Canvas(PrintDocument document, int pages, Stream? target)
    {
        (_document, _pages) = (document, pages);
        RightToLeft = Languages.IsRightToLeft(document.Language);
        Language = Pango.LanguageOf(document.Language);
        _target = GCHandle.Alloc(target ?? Stream.Null);
        _surface = Pango.CreatePdf(&Write, GCHandle.ToIntPtr(_target), Width, Height);
        Cairo = Pango.Create(_surface);
        Pango.SetMetadata(_surface, 0, LaidText.Readable(document.Title));
        Pango.SetMetadata(_surface, 1, LaidText.Readable(document.Maker));
        Pango.SetMetadata(_surface, 2, document.Label);
        Pango.SetMetadata(_surface, 4, "CIRT Appliance");
        Pango.SetMetadata(_surface, 5, document.MadeAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    public nint Cairo { get; }

    public nint Language { get; }

    public bool RightToLeft { get; }

    /// <summary>Number of the page that is drawn, from 1; 0 before the first.</summary>
    public int Page { get; private set; }

    /// <summary>Where the next thing goes, points below the top of the page.</summary>
    public double Y { get; set; }

    /// <summary>Points left on the page.</summary>
    public double Room => Bottom - Y;

    /// <summary>Makes sure that so many points are left, on a new page if need be.</summary>
    public void Need(double points)
    {
        if (!_open || Room < points && Y > Top)
            NewPage();
    }

    public void NewPage()
    {
        if (_open)
            Pango.ShowPage(Cairo);
        if (++Page > MostPages)
            throw new InvalidDataException($"the document has more than {MostPages} pages");
        (_open, Y) = (true, Top);
        DrawLabel(30);
        DrawLabel(Height - 48);
        var room = Right - Left - 150;
        if (Page > 1)
            Line(_document.Title, 33, room);
        Line(_document.Footer, Height - 49, room);
        Line(PrintWords.Ours(string.Format(CultureInfo.InvariantCulture, _document.PageOf, Page, _pages == 0 ? "?" : _pages)), Height - 38, room);
    }

    /// <summary>Draws one line with its beginning at the edge where reading begins.</summary>
    public void Draw(LaidLine line, double left, double width, double top, TextStyle style, bool atEnd = false)
    {
        Pango.SetColour(Cairo, style.Grey, style.Grey, style.Grey);
        Pango.MoveTo(Cairo, atEnd != RightToLeft ? left + width - line.Width : left, top + line.Baseline);
        Pango.ShowLine(Cairo, line.Handle);
    }

    public void Fill(double left, double top, double width, double height, double red, double green, double blue)
    {
        Pango.SetColour(Cairo, red, green, blue);
        Pango.Rectangle(Cairo, left, top, width, height);
        Pango.Fill(Cairo);
    }

    /// <summary>Names this place in the list of contents.</summary>
    public void Mark(PrintWords words, int level)
    {
        var at = string.Create(CultureInfo.InvariantCulture, $"page={Page} pos=[{Left:0.##} {Y:0.##}]");
        _outline[level] = Pango.AddOutline(_surface, level > 1 ? _outline[level - 1] : 0, LaidText.Readable(words), at, 0);
    }

    public nint Font(TextStyle style)
    {
        if (!_fonts.TryGetValue(style, out var font))
            _fonts[style] = font = Pango.Font(string.Create(CultureInfo.InvariantCulture, $"Noto Sans, DejaVu Sans, sans-serif {(style.Bold ? "Bold " : "")}{style.Size:0.##}"));
        return font;
    }

    /// <summary>Ends the last page and the document. Throws when Cairo could not do its work.</summary>
    public void Finish()
    {
        if (!_open)
            NewPage();
        Pango.ShowPage(Cairo);
        var status = Pango.Status(Cairo);
        Pango.Finish(_surface);
        if (status == 0)
            status = Pango.SurfaceStatus(_surface);
        if (status != 0)
            throw new IOException($"cairo answered {status}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Pango.Destroy(Cairo);
        Pango.DestroySurface(_surface);
        _target.Free();
    }

    private void DrawLabel(double top)
    {
        using var laid = LaidText.Of(this, PrintWords.Ours(_document.Label), TextStyle.Label, 400);
        var line = laid.Lines[0];
        var (red, green, blue) = s_labels.GetValueOrDefault(_document.Label, (1, 1, 1));
        Fill(Right - line.Width - 10, top - 3, line.Width + 10, line.Height + 6, 0, 0, 0);
        Pango.SetColour(Cairo, red, green, blue);
        Pango.MoveTo(Cairo, Right - line.Width - 5, top + line.Baseline);
        Pango.ShowLine(Cairo, line.Handle);
    }

    private void Line(PrintWords words, double top, double width)
    {
        using var laid = LaidText.Of(this, words, TextStyle.Quiet, width);
        Draw(laid.Lines[0], Left, width, top, TextStyle.Quiet);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint closure, byte* data, uint length)
    {
        try
        {
            ((Stream)GCHandle.FromIntPtr(closure).Target!).Write(new ReadOnlySpan<byte>(data, (int)length));
            return 0;
        }
        catch (IOException)
        {
            // CAIRO_STATUS_WRITE_ERROR: nothing may be thrown through the library.
            return 11;
        }
    }
}
