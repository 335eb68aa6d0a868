namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Which keywords stand alone, and which take their value without quotation marks: a wrong form is refused before its keyword is read.</summary>
internal static class KeywordForms
{
    private static readonly HashSet<string> Alone = ["startswith", "endswith", "nocase", "rawbytes", "noalert", "sameip", "pkt_data", "bypass", "prefilter", "http_uri", "http_raw_uri", "http_method", "http_host", "http_raw_host",
        "http_user_agent", "http_header", "http_raw_header", "http_cookie", "http_client_body", "http_server_body", "http_stat_code", "http_stat_msg", "ftpbounce"];

    private static readonly HashSet<string> Unquoted = ["icmp_id", "icmp_seq", "id", "ipv4-csum", "tcpv4-csum", "tcpv6-csum", "udpv4-csum", "udpv6-csum", "icmpv4-csum", "icmpv6-csum", "tls.version"];

    private static readonly HashSet<string> Valued = ["classtype", "requires", "msg", "flow", "flowbits", "threshold", "detection_filter", "reference"];

    public static void Check(string keyword, string? value)
    {
        if (value != null && Alone.Contains(keyword)) throw new RuleException(keyword, "takes no value");
        if (Unquoted.Contains(keyword) && (value ?? "").TrimStart().StartsWith('"')) throw new RuleException(keyword, "takes its value without quotation marks");
        if (string.IsNullOrWhiteSpace(value) && Valued.Contains(keyword)) throw new RuleException(keyword, "has no value");
        if (keyword == "msg" && (value!.Length < 3 || value[0] != '"' || value[^1] != '"')) throw new RuleException(keyword, "is empty or not in quotation marks");
    }
}
