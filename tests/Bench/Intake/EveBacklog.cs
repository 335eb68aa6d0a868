using System.Globalization;
using System.Text;

namespace Appliance.Bench;

/// <summary>A spool as a sensor on a country's exchange leaves it after an outage: closed segments of mixed EVE records, the same at every run.</summary>
internal static class EveBacklog
{
    private const int PerSegment = 5000;
    /// <summary>One line in so many is an alert.</summary>
    public const int AlertEvery = 20;

    /// <summary>Writes <paramref name="records"/> lines below <paramref name="spool"/>; answers how many lines and bytes.</summary>
    public static (long Records, long Bytes) Write(string spool, int records)
    {
        Directory.CreateDirectory(spool);
        var bytes = 0L;
        var numbers = (Alerts: 1, Events: 1);
        for (var first = 0; first < records; first += PerSegment)
        {
            var (alerts, events) = (new StringBuilder(), new StringBuilder());
            for (var i = first; i < Math.Min(first + PerSegment, records); i++)
                (i % AlertEvery == 0 ? alerts : events).Append(Line(i)).Append('\n');
            bytes += Put(spool, "alerts", numbers.Alerts++, alerts) + Put(spool, "events", numbers.Events++, events);
        }

        return (records, bytes);
    }

    private static long Put(string spool, string stream, int number, StringBuilder lines)
    {
        var open = Path.Combine(spool, string.Create(CultureInfo.InvariantCulture, $"{stream}-{number:D10}.open"));
        File.WriteAllText(open, lines.ToString());
        var length = new FileInfo(open).Length;
        File.Move(open, Path.ChangeExtension(open, ".json"));
        return length;
    }

    /// <summary>An alert of the one signature that makes a storm.</summary>
    public static string Storm(int i) =>
        string.Create(CultureInfo.InvariantCulture, $$$"""{"timestamp":"{{{TimeProvider.System.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'}}}","flow_id":{{{9_000_000_000L + i}}},"in_iface":"eth1","src_ip":"10.9.{{{i % 20}}}.{{{i % 250}}}","src_port":{{{1024 + i}}},"dest_ip":"198.51.100.{{{i % 10}}}","dest_port":443,"proto":"TCP","event_type":"alert","alert":{"action":"allowed","gid":1,"signature_id":2210045,"rev":2,"signature":"STREAM noise of a broken tap","category":"Generic Protocol Command Decode","severity":3} }""");

    /// <summary>The line of this number.</summary>
    public static string Line(int i)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_000 + (i * 7L)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'", CultureInfo.InvariantCulture);
        var (inside, outside) = ($"10.{i / 7 % 8}.{i / 3 % 256}.{i % 251}", $"198.51.{i / 11 % 100}.{i % 253}");
        var head = string.Create(CultureInfo.InvariantCulture, $$"""{"timestamp":"{{at}}","flow_id":{{1_000_000_000L + i}},"in_iface":"eth1","src_ip":"{{inside}}","src_port":{{1024 + (i % 60000)}},"dest_ip":"{{outside}}",""");
        if (i % AlertEvery == 0)
            return head + $$$"""
                "dest_port":80,"proto":"TCP","app_proto":"http","event_type":"alert","alert":{"action":"allowed","gid":1,"signature_id":{{{2_000_000 + (i % 400)}}},"rev":3,"signature":"POLICY request of kind {{{i % 400}}}","category":"Potentially Bad Traffic","severity":{{{1 + (i % 3)}}}},"http":{"hostname":"host{{{i % 900}}}.example","url":"/a/{{{i % 5000}}}","http_user_agent":"Mozilla/5.0","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":{{{i % 20000}}}},"flow":{"pkts_toserver":6,"pkts_toclient":5,"bytes_toserver":900,"bytes_toclient":{{{i % 90000}}} }}
                """;
        return head + (i % 10) switch
        {
            < 4 => $$$"""
                "dest_port":443,"proto":"TCP","app_proto":"tls","event_type":"flow","flow":{"pkts_toserver":{{{i % 90}}},"pkts_toclient":{{{i % 120}}},"bytes_toserver":{{{i % 9000}}},"bytes_toclient":{{{i % 90000}}},"start":"{{{at}}}","end":"{{{at}}}","age":{{{i % 60}}},"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"psh":true,"ack":true,"state":"closed"}}
                """,
            < 7 => $$$"""
                "dest_port":53,"proto":"UDP","event_type":"dns","dns":{"version":2,"type":"answer","id":{{{i % 65536}}},"flags":"8180","qr":true,"rd":true,"ra":true,"rrname":"n{{{i % 30000}}}.example","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"n{{{i % 30000}}}.example","rrtype":"A","ttl":300,"rdata":"{{{outside}}}"}],"grouped":{"A":["{{{outside}}}"]} } }
                """,
            7 => $$$"""
                "dest_port":80,"proto":"TCP","event_type":"http","tx_id":0,"http":{"hostname":"host{{{i % 900}}}.example","url":"/p/{{{i % 5000}}}?q={{{i}}}","http_user_agent":"Mozilla/5.0 (X11; Linux x86_64)","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":{{{i % 20000}}}}}
                """,
            8 => $$$"""
                "dest_port":443,"proto":"TCP","event_type":"tls","tls":{"subject":"CN=host{{{i % 900}}}.example","issuerdn":"C=XX, O=Sample CA","serial":"0A:{{{i % 100:D2}}}","fingerprint":"aa:bb:{{{i % 100:D2}}}","sni":"host{{{i % 900}}}.example","version":"TLS 1.2","notbefore":"2026-01-01T00:00:00","notafter":"2027-01-01T00:00:00"}}
                """,
            _ => $$$"""
                "dest_port":80,"proto":"TCP","app_proto":"http","event_type":"fileinfo","fileinfo":{"filename":"/p/{{{i % 5000}}}","gaps":false,"state":"CLOSED","stored":false,"size":{{{i % 20000}}},"tx_id":0},"http":{"hostname":"host{{{i % 900}}}.example","url":"/p/{{{i % 5000}}}"}}
                """,
        };
    }
}
