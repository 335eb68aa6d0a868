using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Appliance.Contracts;

namespace Appliance.Host.Provision;

/// <summary>The pages that are printed for a country, in its own language: the card with its secrets, the profile, and the enrolment letter. One file each, no script, nothing fetched.</summary>
internal sealed class PrintedPages(IText text, TimeProvider time)
{
    private const string Style =
        """
        @page { size: A4; margin: 18mm } body { font: 11pt/1.5 system-ui, "Noto Sans", "Noto Sans Arabic", "Noto Sans SC", sans-serif; color: #111; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
        h1 { font-size: 1.5rem; border-bottom: 2px solid #111 } table { border-collapse: collapse; inline-size: 100% } th, td { text-align: start; vertical-align: top; border-bottom: 1px solid #999; padding: .4rem .3rem }
        th { font-weight: 600; inline-size: 34% } code { font: 12pt ui-monospace, monospace; overflow-wrap: anywhere; unicode-bidi: isolate; direction: ltr } .warn { border: 2px solid #111; padding: .6rem .8rem; font-weight: 600 } ol { padding-inline-start: 1.4rem }
        """;

    public string Card(CountryPackage package, string fingerprint) => Page(package, "card", page =>
    {
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"warn\">{Say(package, "card.secret")}</p>");
        Table(package, page,
            ("address", package.Row["address"], true),
            ("user", package.Row["admin"], true),
            ("code", package.Code, true),
            ("link", $"{package.Row["address"].TrimEnd('/')}/invite/{package.Code}", true),
            ("signer", fingerprint, true),
            ("machine-key", package.MachineKey, true),
            ("backup-key", package.BackupKey, true));
        Steps(package, page, "card.step.1", "card.step.2", "card.step.3", "card.step.4");
    });

    public string Profile(CountryPackage package) => Page(package, "profile", page => Table(
        package,
        page,
        ("team", package.Row["name"], false),
        ("country", package.Row["country"].ToUpperInvariant(), false),
        ("mail", package.Row["mail"], true),
        ("contact", package.Row["contact"], false),
        ("site", package.Row["site"], false),
        ("address", package.Row["address"], true),
        ("host", package.Row["host_name"], true),
        ("network", package.Row.List("addresses") is { Count: > 0 } fixedOnes ? string.Join(" ", fixedOnes) : "DHCP", true),
        ("gateway", package.Row["gateways"], true),
        ("dns", package.Row["name_servers"], true),
        ("time", package.Row["time_servers"], true),
        ("capture", package.Row["capture_ports"], true),
        ("networks", package.Row["home_networks"], true),
        ("hub", $"{package.Row["hub_name"]} {package.Row["hub_url"]}".Trim(), false),
        ("size", package.Row["size"], true)));

    public string Letter(CountryPackage package, string fingerprint) => Page(package, "letter", page =>
    {
        page.Append(CultureInfo.InvariantCulture, $"<p>{Say(package, "letter.to", package.Row["name"])}</p><p>{Say(package, "letter.body", package.Row["address"], package.Row["admin_name"] is { Length: > 0 } person ? person : package.Row["admin"])}</p>");
        if (package.PeerPassword is not null)
            page.Append(CultureInfo.InvariantCulture, $"<p>{Say(package, "letter.hub", package.Row["hub_name"], package.Login)}</p>");
        page.Append(CultureInfo.InvariantCulture, $"<p>{Say(package, "letter.check", fingerprint)}</p>");
        Table(package, page, ("signed", "", false), ("received", "", false));
    });

    private string Page(CountryPackage package, string kind, Action<StringBuilder> write)
    {
        var language = package.Row["language"];
        var direction = Languages.IsRightToLeft(language) ? "rtl" : "ltr";
        var title = Say(package, $"{kind}.title");
        var page = new StringBuilder("<!doctype html>\n").Append(CultureInfo.InvariantCulture, $"<html lang=\"{language}\" dir=\"{direction}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title} · {Escape(package.Row["name"])}</title><style>{Style}</style></head><body>");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{title}</h1><p><bdi>{Escape(package.Row["name"])}</bdi> · {time.GetUtcNow().ToString("d", Culture(package))}</p>");
        write(page);
        return page.Append("</body></html>\n").ToString();
    }

    private void Table(CountryPackage package, StringBuilder page, params (string Label, string Value, bool Code)[] rows)
    {
        page.Append("<table>");
        foreach (var (label, value, code) in rows)
            page.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Say(package, $"label.{label}")}</th><td>{(value.Length == 0 ? "&nbsp;" : code ? $"<code>{Escape(value)}</code>" : $"<bdi>{Escape(value)}</bdi>")}</td></tr>");
        page.Append("</table>");
    }

    private void Steps(CountryPackage package, StringBuilder page, params string[] keys) =>
        page.Append("<ol>").AppendJoin("", keys.Select(k => $"<li>{Say(package, k)}</li>")).Append("</ol>");

    private string Say(CountryPackage package, string key, params string[] arguments) =>
        text.In(Culture(package), $"provision.{key}", [.. arguments.Select(a => (object)$"\u2068{a}\u2069")]) is { } said ? Escape(said) : "";

    private static CultureInfo Culture(CountryPackage package) => CultureInfo.GetCultureInfo(package.Row["language"]);

    private static string Escape(string value) => HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All).Encode(value);
}
