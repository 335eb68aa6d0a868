namespace Appliance.Tests.Browser.Hostile;

/// <summary>Forty texts that would run a script where one place forgets to take text for text. Each calls <c>ran</c>, which the browser counts.</summary>
internal static class Payloads
{
    public static IReadOnlyList<string> All { get; } =
    [
        "<script>ran(1)</script>",
        "\"><script>ran(2)</script>",
        "'><script>ran(3)</script>",
        "</title><script>ran(4)</script>",
        "</textarea><script>ran(5)</script>",
        "</script><script>ran(6)</script>",
        "--><script>ran(7)</script>",
        "]]><script>ran(8)</script>",
        "<scr<script>ipt>ran(9)</scr</script>ipt>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<img src=x onerror=ran(11)>",
        "<img src=\"x\" onerror=\"ran(12)\">",
        "\"><img src=x onerror=ran(13)>",
        "' onmouseover='ran(14)' x='",
        "\" autofocus onfocus=\"ran(15)\" x=\"",
        "<svg onload=ran(16)>",
        "<svg><script>ran(17)</script></svg>",
        "<svg><animate onbegin=ran(18) attributeName=x dur=1s>",
        "<math><mtext><script>ran(19)</script></mtext></math>",
        "<body onload=ran(20)>",
        "<iframe src=\"javascript:parent.ran(21)\"></iframe>",
        "<iframe srcdoc=\"<script>parent.ran(22)</script>\"></iframe>",
        "<object data=\"javascript:ran(23)\"></object>",
        "<embed src=\"javascript:ran(24)\">",
        "<a href=\"javascript:ran(25)\">click</a>",
        "javascript:ran(26)",
        "java\tscript:ran(27)",
        "[link](javascript:ran(28))",
        "![x](x\" onerror=\"ran(29))",
        "<details open ontoggle=ran(30)>",
        "<video><source onerror=ran(31)></video>",
        "<input autofocus onfocus=ran(32)>",
        "<style>@import'//evil.example/x.css';</style>",
        "<link rel=stylesheet href=//evil.example/y.css>",
        "<meta http-equiv=refresh content=\"0;url=javascript:ran(35)\">",
        "<base href=//evil.example/>",
        "<form action=javascript:ran(37)><button>go</button></form>",
        "@(ran(38))",
        "{{constructor.constructor('ran(39)')()}}",
        "&lt;script&gt;ran(40)&lt;/script&gt;<script>ran(40)</script>",
    ];

    /// <summary>All of them, for a field that takes long text.</summary>
    public static string Together { get; } = string.Join('\n', All);
}
