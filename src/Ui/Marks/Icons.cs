using System.Collections.Frozen;

namespace Appliance.Ui;

/// <summary>The drawings of <see cref="Icon"/>, 24 by 24, one path each.</summary>
internal static class Icons
{
    private const string Dot = "M12 11a1 1 0 1 0 0 2a1 1 0 1 0 0-2";

    private static readonly FrozenDictionary<string, string> Paths = new Dictionary<string, string>
    {
        ["home"] = "M4 11l8-7l8 7v9h-5v-6h-6v6H4z",
        ["sense"] = "M3 12h4l2-6l4 12l2.500-6H21",
        ["tickets"] = "M4 7h16v3.500a1.500 1.500 0 0 0 0 3V17H4v-3.500a1.500 1.500 0 0 0 0-3zM14 7v10",
        ["watch"] = "M2.500 12S6 5.500 12 5.500S21.500 12 21.500 12S18 18.500 12 18.500S2.500 12 2.500 12zM12 9.500a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5",
        ["share"] = "M12 15V4M8 7.500L12 3.500l4 4M5 12v8h14v-8",
        ["directory"] = "M5 4h14v16H5zM9 4v16M12.500 9h3.500M12.500 13h3.500",
        ["readiness"] = "M12 3l8 3v6c0 4.500-3.500 7.500-8 9c-4.500-1.500-8-4.500-8-9V6zM8.500 12l2.500 2.500l4.500-5",
        ["reports"] = "M5 20V10M12 20V4M19 20v-7M3 20h18",
        ["admin"] = "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
        ["search"] = "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M20 20l-4-4",
        ["search_off"] = "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M20 20l-4-4M8.500 8.500l5 5M13.500 8.500l-5 5",
        ["help"] = "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.8.400-1 .9-1 1.700M12 16.800v.1",
        ["person"] = "M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M4.500 20c1-4 4-5 7.500-5s6.500 1 7.500 5",
        ["menu"] = "M4 7h16M4 12h16M4 17h16",
        ["close"] = "M6 6l12 12M18 6L6 18",
        ["check"] = "M5 12.500l4.500 4.500L19 7.500",
        ["error"] = "M12 3.500L22 20H2zM12 10v4.500M12 17.300v.1",
        ["warning"] = "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7.500v5.500M12 16.300v.1",
        ["info"] = "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 11v6M12 7.300v.1",
        ["lock"] = "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
        ["inbox"] = "M4 13l2.500-8h11L20 13v6H4zM4 13h5l1 2.500h4l1-2.500h5",
        ["chevron"] = "M9 5l7 7l-7 7",
        ["expand"] = "M5 9l7 7l7-7",
        ["copy"] = "M9 9h11v11H9zM15 9V4H4v11h5",
        ["upload"] = "M12 16V4M7.500 8.500L12 4l4.500 4.500M4 20h16",
        ["download"] = "M12 4v12M7.500 11.500L12 16l4.500-4.500M4 20h16",
        ["add"] = "M12 5v14M5 12h14",
        ["edit"] = "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
        ["delete"] = "M5 7h14M9.500 7V4.500h5V7M7 7l1 13h8l1-13",
        ["mail"] = "M3 6h18v12H3zM3 7l9 6.500L21 7",
        ["clock"] = "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7.500V12l3 2",
        ["network"] = "M12 3v6M12 9H6v4M12 9h6v4M3.500 13h5v5h-5zM15.500 13h5v5h-5z",
        ["flag"] = "M6 21V4M6 5h11l-2 4l2 4H6",
        ["refresh"] = "M19 8a8 8 0 1 0 1 6M20 4v4.500h-4.500",
        ["send"] = "M4 12l16-8l-6 16l-3-6.500z",
        ["print"] = "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
        ["file"] = "M6 3h8l4 4v14H6zM14 3v4h4",
        ["key"] = "M8 11a4 4 0 1 0 0 8a4 4 0 1 0 0-8M11 12.500L20 4M16.500 7l2.500 2.500",
        ["play"] = "M8 5l11 7l-11 7z",
        ["pause"] = "M8 5v14M16 5v14",
        ["filter"] = "M4 5h16l-6 7.500V19l-4-2v-4.500z",
        ["up"] = "M12 5l7 13H5z",
        ["bar"] = "M6 12h12",
        ["down"] = "M12 19L5 6h14z",
        ["logout"] = "M14 4H5v16h9M10 12h11M17.500 8.500L21 12l-3.500 3.500",
        ["link"] = "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
        ["columns"] = "M4 5h16v14H4zM9.500 5v14M14.500 5v14",
        ["bookmark"] = "M7 4h10v16l-5-4l-5 4z",
        ["bell"] = "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15zM10 20.500h4",
        ["commands"] = "M4 5h16v14H4zM7.500 9l3 3l-3 3M12.500 15h4",
        ["screen"] = "M3 5h18v11H3zM9 20h6M12 16v4",
        ["palette"] = "M12 3a9 9 0 0 0 0 18zM12 3a9 9 0 0 1 0 18",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string Path(string name) => Paths.GetValueOrDefault(name, Dot);
}
