using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.AppLayer.Smtp;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>Settings of single protocols: from app-layer.protocols and from the record types of the EVE log.</summary>
internal static class ProtocolConfiguration
{
    public static AppLayerOptions Apply(AppLayerOptions stock, YamlNode? protocols, YamlNode? eve) => stock with
    {
        DetectionPorts = PortsOf(protocols),
        Smtp = Smtp(protocols?["smtp"], EveType(eve, "smtp")),
        HttpLog = Http(EveType(eve, "http"), EveType(eve, "alert")),
        DhcpExtended = EveType(eve, "dhcp")?.Flag("extended", false) ?? false,
        Ja4 = protocols?.Value("tls.ja4-fingerprints") is "yes" or "true" or "on" || (EveType(eve, "tls")?.Flag("ja4", false) ?? false),
        PgsqlPasswords = EveType(eve, "pgsql")?.Flag("passwords", false) ?? false,
        ShowJa4 = EveType(eve, "tls")?.Flag("ja4", false) ?? false,
        StreamDepths = stock.StreamDepths.ToDictionary(depth => depth.Key, depth => protocols?.Size($"{AppProtoNames.Name(depth.Key)}.stream-depth", depth.Value) ?? depth.Value),
        NfsMaxTransactions = Count(protocols, "nfs.max-tx", stock.NfsMaxTransactions),
        Dnp3 = new()
        {
            MaxTransactions = Count(protocols, "dnp3.max-tx", stock.Dnp3.MaxTransactions),
            MaxPoints = Count(protocols, "dnp3.max-points", stock.Dnp3.MaxPoints),
            MaxObjects = Count(protocols, "dnp3.max-objects", stock.Dnp3.MaxObjects),
        },
        FtpMaxLine = (int)Math.Clamp(protocols?.Size("ftp.max-line-length", stock.FtpMaxLine) ?? stock.FtpMaxLine, 16, 1 << 20),
        Ranges = stock.Ranges with
        {
            Memcap = Math.Max(0, protocols?.Size("http.byterange.memcap", stock.Ranges.Memcap) ?? stock.Ranges.Memcap),
            TimeoutSeconds = (int)Math.Clamp(protocols?.Size("http.byterange.timeout", stock.Ranges.TimeoutSeconds) ?? stock.Ranges.TimeoutSeconds, 1, 86400),
        },
        Http2 = stock.Http2 with
        {
            MaxStreams = (int)Math.Clamp(protocols?.Size("http2.max-streams", stock.Http2.MaxStreams) ?? stock.Http2.MaxStreams, 1, 1 << 16),
            MaxTable = (int)Math.Clamp(protocols?.Size("http2.max-table-size", stock.Http2.MaxTable) ?? stock.Http2.MaxTable, 0, 1 << 20),
            MaxReassembly = (int)Math.Clamp(protocols?.Size("http2.max-reassembly-size", stock.Http2.MaxReassembly) ?? stock.Http2.MaxReassembly, 0, 1 << 24),
            MaxFrames = (int)Math.Clamp(protocols?.Size("http2.max-frames", stock.Http2.MaxFrames) ?? stock.Http2.MaxFrames, 1, 1 << 24),
        },
        Mqtt = stock.Mqtt with
        {
            MaxLength = (int)Math.Clamp(protocols?.Size("mqtt.max-msg-length", stock.Mqtt.MaxLength) ?? stock.Mqtt.MaxLength, 0, 1 << 28),
            ShowPasswords = EveType(eve, "mqtt")?.Flag("passwords", true) ?? true,
        },
    };

    private static int Count(YamlNode? protocols, string key, int stock) => (int)Math.Clamp(protocols?.Size(key, stock) ?? stock, 1, 1 << 20);

    /// <summary>dns.udp.detection-ports.dp and its like.</summary>
    private static Dictionary<string, HashSet<ushort>> PortsOf(YamlNode? protocols)
    {
        var found = new Dictionary<string, HashSet<ushort>>(StringComparer.Ordinal);
        foreach (var (name, settings) in protocols?.Map ?? [])
            foreach (string over in (string[])["", "tcp", "udp"])
            {
                YamlNode? node = over.Length == 0 ? settings["detection-ports"] : settings[over]?["detection-ports"];
                if (node?["dp"] is not { } ports) continue;
                HashSet<ushort> numbers = [];
                foreach (string word in (ports.Items is { } items ? items.Select(i => i.Text ?? "") : (ports.Text ?? "").Split([',', ' ', '[', ']'], StringSplitOptions.RemoveEmptyEntries)))
                    if (ushort.TryParse(word, System.Globalization.CultureInfo.InvariantCulture, out ushort number)) numbers.Add(number);
                foreach (string kind in over.Length == 0 ? (string[])["tcp", "udp"] : [over]) found[$"{name}/{kind}"] = numbers;
            }
        return found;
    }

    private static SmtpOptions Smtp(YamlNode? smtp, YamlNode? log)
    {
        var stock = new SmtpOptions();
        YamlNode? mime = smtp?["mime"];
        HashSet<string> custom = [.. Words(log?["custom"]).Select(w => w.Replace('-', '_'))];
        string[] digests = Words(log?["md5"]);
        bool extended = log?.Flag("extended", false) ?? false;
        string[] schemes = Words(mime?["extract-urls-schemes"]);
        return new SmtpOptions
        {
            Decode = mime?.Flag("decode-mime", stock.Decode) ?? stock.Decode,
            DecodeBase64 = mime?.Flag("decode-base64", stock.DecodeBase64) ?? stock.DecodeBase64,
            DecodeQuotedPrintable = mime?.Flag("decode-quoted-printable", stock.DecodeQuotedPrintable) ?? stock.DecodeQuotedPrintable,
            HeaderDepth = (int)Math.Clamp(mime?.Size("header-value-depth", stock.HeaderDepth) ?? stock.HeaderDepth, 0, 1 << 16),
            FindUrls = mime?.Flag("extract-urls", stock.FindUrls) ?? stock.FindUrls,
            Schemes = schemes.Length == 0 ? stock.Schemes : [.. schemes.Select(s => System.Text.Encoding.ASCII.GetBytes(s + "://"))],
            ShowScheme = mime?.Flag("log-url-scheme", false) ?? false,
            BodyMd5 = mime?.Flag("body-md5", false) ?? digests.Contains("body"),
            Raw = smtp?.Flag("raw-extraction", false) ?? false,
            Fields = [.. MailField.All.Where(f => extended && f.Extended || custom.Contains(f.Key))],
            ShowBodyMd5 = digests.Contains("body"),
            ShowSubjectMd5 = digests.Contains("subject"),
        };
    }

    private static string[] Words(YamlNode? list) => [.. (list?.Items ?? []).Select(i => i.Text ?? "").Where(t => t.Length > 0)];

    private static HttpLogOptions Http(YamlNode? http, YamlNode? alert)
    {
        var custom = new List<byte[]>();
        foreach (YamlNode item in http?["custom"]?.Items ?? [])
            if (item.Text != null && HttpLogOptions.TryHeader(item.Text, out byte[] header)) custom.Add(header);
        string? dump = http?.Value("dump-all-headers");
        return new HttpLogOptions
        {
            Extended = http?.Flag("extended", false) ?? true,
            Custom = custom,
            RequestHeaders = dump is "both" or "request",
            ResponseHeaders = dump is "both" or "response",
            Body = alert?.Flag("http-body", false) ?? false,
            BodyPrintable = alert?.Flag("http-body-printable", false) ?? false,
        };
    }

    /// <summary>The settings of one record type in the list of types.</summary>
    private static YamlNode? EveType(YamlNode? eve, string name)
    {
        foreach (YamlNode type in eve?["types"]?.Items ?? [])
            if (type.Map != null && type.Map.TryGetValue(name, out YamlNode? detail)) return detail;
        return null;
    }
}
