using System.Text.Json;

namespace Appliance.Bench;

/// <summary>What two records of a type must have in common to be the same record, and the reading of an EVE log into such keys.</summary>
internal static class EveKeys
{
    private static readonly string[] s_tuple = ["proto", "src_ip", "src_port", "dest_ip", "dest_port"];

    private static readonly Dictionary<string, string[]> s_keys = new(StringComparer.Ordinal)
    {
        ["alert"] = ["alert.signature_id", .. s_tuple],
        ["http"] = ["http.hostname", "http.http_method", "http.url", "http.status"],
        ["dns"] = ["dns.type", "dns.rrname", "dns.rrtype", "dns.rcode"],
        ["tls"] = ["tls.sni", "tls.subject", "tls.version", "tls.ja3.hash", "tls.ja3s.hash"],
        ["fileinfo"] = ["fileinfo.filename", "fileinfo.size", "fileinfo.state", "fileinfo.sha256"],
        ["smtp"] = ["smtp.helo", "smtp.mail_from", "smtp.rcpt_to", "email.subject"],
        ["ssh"] = ["ssh.client.software_version", "ssh.server.software_version"],
        ["flow"] = [.. s_tuple, "app_proto", "flow.pkts_toserver", "flow.pkts_toclient", "flow.bytes_toserver", "flow.bytes_toclient", "flow.state"],
        ["netflow"] = [.. s_tuple, "netflow.pkts", "netflow.bytes"],
        ["smb"] = ["smb.command", "smb.status", "smb.dialect", "smb.filename", "smb.share", "smb.named_pipe"],
        ["dcerpc"] = ["dcerpc.request", "dcerpc.response", "dcerpc.call_id", "dcerpc.req.opnum"],
        ["nfs"] = ["rpc.xid", "nfs.procedure", "nfs.filename", "nfs.status"],
        ["ftp"] = ["ftp.command", "ftp.command_data", "ftp.completion_code"],
        ["ftp_data"] = ["ftp_data.command", "ftp_data.filename"],
        ["tftp"] = ["tftp.packet", "tftp.file"],
        ["krb5"] = ["krb5.msg_type", "krb5.cname", "krb5.realm", "krb5.sname", "krb5.error_code"],
        ["snmp"] = ["snmp.version", "snmp.community", "snmp.pdu_type"],
        ["sip"] = ["sip.method", "sip.uri", "sip.code"],
        ["rdp"] = ["rdp.tx_id", "rdp.event_type", "rdp.cookie"],
        ["rfb"] = ["rfb.client_protocol_version", "rfb.server_protocol_version", "rfb.authentication.security_type"],
        ["dhcp"] = ["dhcp.type", "dhcp.dhcp_type", "dhcp.client_mac", "dhcp.assigned_ip"],
        ["ike"] = ["ike.version_major", "ike.exchange_type", "ike.init_spi", "ike.message_id"],
        ["quic"] = ["quic.version", "quic.sni", "quic.ja3.hash"],
        ["mqtt"] = ["mqtt"],
        ["bittorrent_dht"] = ["bittorrent_dht.transaction_id", "bittorrent_dht.request_type"],
        ["anomaly"] = ["anomaly.type", "anomaly.event", "anomaly.layer", .. s_tuple],
    };

    /// <summary>How often each key occurs, by type of record. Stats and the engine's own words are no records of traffic.</summary>
    public static Dictionary<string, Dictionary<string, int>> Read(string eve)
    {
        var found = new Dictionary<string, Dictionary<string, int>>(StringComparer.Ordinal);
        if (!File.Exists(eve))
            return found;
        foreach (string line in File.ReadLines(eve))
        {
            // a peer that broke down leaves half a line behind
            if (!line.EndsWith('}'))
                continue;
            using JsonDocument json = JsonDocument.Parse(line);
            string type = Text(json.RootElement, "event_type");
            if (type is "stats" or "engine")
                continue;
            if (!found.TryGetValue(type, out Dictionary<string, int>? keys))
                found[type] = keys = new(StringComparer.Ordinal);
            string key = string.Join(' ', s_keys.GetValueOrDefault(type, s_tuple).Select(path => Text(json.RootElement, path)));
            keys[key] = keys.GetValueOrDefault(key) + 1;
        }

        return found;
    }

    private static string Text(JsonElement record, string path)
    {
        foreach (string part in path.Split('.'))
        {
            if (record.ValueKind != JsonValueKind.Object || !record.TryGetProperty(part, out record))
                return "-";
        }

        return record.ValueKind == JsonValueKind.String ? record.GetString()! : record.GetRawText();
    }
}
