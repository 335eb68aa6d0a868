using System.Reflection;
using System.Runtime.InteropServices;

namespace Appliance.Kernel.Print;

/// <summary>Cairo (libcairo.so.2) and Pango 1 (libpango-1.0.so.0): pages of PDF, and text that is shaped, reordered and broken as its script demands. The calls we need and no more; used only in a process of its own.</summary>
/// <remarks>Lengths are points on Cairo's side and 1/1024 points on Pango's. Objects belong to the caller unless a comment says otherwise.</remarks>
internal static unsafe partial class Pango
{
    /// <summary>Pango's units in a point.</summary>
    public const int Scale = 1024;

    private const string Cairo = "libcairo.so.2";
    private const string Layouts = "libpango-1.0.so.0";
    private const string Joint = "libpangocairo-1.0.so.0";

    /// <summary>The libraries that are not installed.</summary>
    public static IReadOnlyList<string> Missing { get; } =
        [.. new[] { Cairo, Layouts, Joint }.Where(l => !NativeLibrary.TryLoad(l, Assembly.GetExecutingAssembly(), null, out _))];

    [LibraryImport(Cairo, EntryPoint = "cairo_pdf_surface_create_for_stream")]
    public static partial nint CreatePdf(delegate* unmanaged[Cdecl]<nint, byte*, uint, int> write, nint closure, double width, double height);

    /// <summary>Title 0, author 1, subject 2, creator 4, date of creation 5 (ISO 8601).</summary>
    [LibraryImport(Cairo, EntryPoint = "cairo_pdf_surface_set_metadata", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetMetadata(nint surface, int property, string value);

    /// <summary>An entry of the list of contents beside the pages; answers its number, the parent of the entries below it. 0 is the list itself.</summary>
    [LibraryImport(Cairo, EntryPoint = "cairo_pdf_surface_add_outline", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int AddOutline(nint surface, int parent, string name, string target, int flags);

    [LibraryImport(Cairo, EntryPoint = "cairo_surface_finish")]
    public static partial void Finish(nint surface);

    [LibraryImport(Cairo, EntryPoint = "cairo_surface_status")]
    public static partial int SurfaceStatus(nint surface);

    [LibraryImport(Cairo, EntryPoint = "cairo_surface_destroy")]
    public static partial void DestroySurface(nint surface);

    [LibraryImport(Cairo, EntryPoint = "cairo_create")]
    public static partial nint Create(nint surface);

    [LibraryImport(Cairo, EntryPoint = "cairo_status")]
    public static partial int Status(nint cairo);

    [LibraryImport(Cairo, EntryPoint = "cairo_destroy")]
    public static partial void Destroy(nint cairo);

    [LibraryImport(Cairo, EntryPoint = "cairo_show_page")]
    public static partial void ShowPage(nint cairo);

    [LibraryImport(Cairo, EntryPoint = "cairo_move_to")]
    public static partial void MoveTo(nint cairo, double x, double y);

    [LibraryImport(Cairo, EntryPoint = "cairo_rectangle")]
    public static partial void Rectangle(nint cairo, double x, double y, double width, double height);

    [LibraryImport(Cairo, EntryPoint = "cairo_fill")]
    public static partial void Fill(nint cairo);

    [LibraryImport(Cairo, EntryPoint = "cairo_set_source_rgb")]
    public static partial void SetColour(nint cairo, double red, double green, double blue);

    /// <summary>Begins an element of the document's structure (ISO 32000-1, 14.8.4): H1, H2, P, TR and their like.</summary>
    [LibraryImport(Cairo, EntryPoint = "cairo_tag_begin", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void BeginTag(nint cairo, string name, string attributes);

    [LibraryImport(Cairo, EntryPoint = "cairo_tag_end", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void EndTag(nint cairo, string name);

    [LibraryImport(Joint, EntryPoint = "pango_cairo_create_layout")]
    public static partial nint CreateLayout(nint cairo);

    [LibraryImport(Joint, EntryPoint = "pango_cairo_context_set_resolution")]
    public static partial void SetResolution(nint context, double dotsPerInch);

    [LibraryImport(Joint, EntryPoint = "pango_cairo_show_layout_line")]
    public static partial void ShowLine(nint cairo, nint line);

    /// <summary>Borrowed.</summary>
    [LibraryImport(Layouts, EntryPoint = "pango_layout_get_context")]
    public static partial nint ContextOf(nint layout);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_context_changed")]
    public static partial void ContextChanged(nint layout);

    /// <summary>0 left to right, 1 right to left.</summary>
    [LibraryImport(Layouts, EntryPoint = "pango_context_set_base_dir")]
    public static partial void SetBaseDirection(nint context, int direction);

    [LibraryImport(Layouts, EntryPoint = "pango_context_set_language")]
    public static partial void SetLanguage(nint context, nint language);

    /// <summary>Never freed.</summary>
    [LibraryImport(Layouts, EntryPoint = "pango_language_from_string", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint LanguageOf(string name);

    [LibraryImport(Layouts, EntryPoint = "pango_font_description_from_string", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Font(string name);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_set_font_description")]
    public static partial void SetFont(nint layout, nint font);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_set_text")]
    public static partial void SetText(nint layout, byte* text, int bytes);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_set_width")]
    public static partial void SetWidth(nint layout, int width);

    /// <summary>0 between words, 1 anywhere, 2 between words where they fit.</summary>
    [LibraryImport(Layouts, EntryPoint = "pango_layout_set_wrap")]
    public static partial void SetWrap(nint layout, int wrap);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_set_auto_dir")]
    public static partial void SetOwnDirection(nint layout, int on);

    /// <summary>Whether a hyphen is put where a word is broken.</summary>
    [LibraryImport(Layouts, EntryPoint = "pango_attr_insert_hyphens_new")]
    public static partial nint Hyphens(int on);

    [LibraryImport(Layouts, EntryPoint = "pango_attr_list_new")]
    public static partial nint CreateAttributes();

    /// <summary>Takes the attribute over.</summary>
    [LibraryImport(Layouts, EntryPoint = "pango_attr_list_insert")]
    public static partial void Insert(nint attributes, nint attribute);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_set_attributes")]
    public static partial void SetAttributes(nint layout, nint attributes);

    [LibraryImport(Layouts, EntryPoint = "pango_attr_list_unref")]
    public static partial void ReleaseAttributes(nint attributes);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_get_iter")]
    public static partial nint Lines(nint layout);

    /// <summary>Borrowed from the layout.</summary>
    [LibraryImport(Layouts, EntryPoint = "pango_layout_iter_get_line_readonly")]
    public static partial nint Line(nint lines);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_iter_get_line_extents")]
    public static partial void Extents(nint lines, nint ink, Box* logical);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_iter_get_baseline")]
    public static partial int Baseline(nint lines);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_iter_next_line")]
    public static partial int NextLine(nint lines);

    [LibraryImport(Layouts, EntryPoint = "pango_layout_iter_free")]
    public static partial void FreeLines(nint lines);

    [LibraryImport("libgobject-2.0.so.0", EntryPoint = "g_object_unref")]
    public static partial void Release(nint instance);

    /// <summary>PangoRectangle.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Box
    {
        public int X;
        public int Y;
        public int Width;
        public int Height;
    }
}
