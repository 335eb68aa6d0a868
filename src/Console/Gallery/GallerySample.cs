using System.Globalization;
using Appliance.Contracts;
using Appliance.Ui;

namespace Appliance.Consoles.Gallery;

/// <summary>A row of the gallery's list.</summary>
internal sealed record SampleRow(int Number, string Name, Severity Severity, long Value, DateTimeOffset At);

/// <summary>What the gallery draws: always the same, so that two photographs differ only where the parts differ.</summary>
internal static class GallerySample
{
    /// <summary>The moment that the gallery takes for now.</summary>
    public static DateTimeOffset Now { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Names in six scripts, one with characters that deceive: what a list must bear.</summary>
    private static readonly string[] s_names =
    [
        "web-01.finance.example", "Scan of a port range", "Попытка входа с чужого адреса", "محاولة دخول من عنوان غير معروف", "来自未知地址的登录尝试", "facture\u202Efdp.exe",
        "un nom de fichier si long qu’il ne tient sur aucune ligne et doit être coupé ou replié sans pousser la page en largeur.txt", "<b onmouseover=alert(1)>bold</b>",
    ];

    public static IReadOnlyList<long> Hours { get; } = [.. Enumerable.Range(0, 24).Select(h => Wave(h, 0))];

    public static IReadOnlyList<Bucket> Buckets { get; } = [.. Enumerable.Range(0, 48).Select(h => new Bucket(Now.AddHours(h - 48), [Wave(h, 1), Wave(h, 2) / 2, Wave(h, 3) / 3, Wave(h, 5) / 6]))];

    public static IReadOnlyList<IReadOnlyList<long>> Week { get; } = [.. Enumerable.Range(0, 7).Select(d => (IReadOnlyList<long>)[.. Enumerable.Range(0, 24).Select(h => d > 4 ? Wave(h, d) / 5 : Wave(h, d) * (h is > 7 and < 18 ? 4 : 1))])];

    public static IReadOnlyDictionary<string, long> Countries { get; } = new Dictionary<string, long>(StringComparer.Ordinal)
    {
        ["BR"] = 310, ["DE"] = 120, ["EG"] = 45, ["ID"] = 88, ["KE"] = 17, ["MV"] = 4, ["NG"] = 260, ["RU"] = 75, ["TV"] = 1, ["US"] = 900, ["CN"] = 410, ["-"] = 12,
    };

    public static IReadOnlyList<Bar> Bars { get; } =
        [.. s_names.Select((name, i) => new Bar(name, 900 / ((i * i) + 1), i == 0 ? "/search?q=web-01" : null, i % 2 == 0 ? "a" : "c", Untrusted: true))];

    /// <summary>One page of a list of 130.</summary>
    public static Outcome<Page<SampleRow>> Page(ListRequest request)
    {
        var from = int.TryParse(request.After, CultureInfo.InvariantCulture, out var after) ? after : 0;
        var rows = Enumerable.Range(from + 1, Math.Clamp(130 - from, 0, request.Size)).Select(Row).ToList();
        return new Page<SampleRow>(rows, from + request.Size < 130 ? (from + request.Size).ToString(CultureInfo.InvariantCulture) : null, 130);
    }

    private static SampleRow Row(int number) => new(number, s_names[number % s_names.Length], (Severity)(number % 5), Wave(number, 1) * number, Now.AddMinutes(-number));

    private static long Wave(int at, int shift) => (long)(20 + (18 * Math.Sin((at + shift) / 3.7)) + (at * 7 % 11));
}
