using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>Settings of single protocols: from app-layer.protocols and from the record types of the EVE log.</summary>
internal static class ProtocolConfiguration
{
    public static AppLayerOptions Apply(AppLayerOptions stock, YamlNode? protocols, YamlNode? eve) => stock with
    {
        DhcpExtended = EveType(eve, "dhcp")?.Flag("extended", false) ?? false,
        Ja4 = protocols?.Value("tls.ja4-fingerprints") is "yes" or "true" or "on" || (EveType(eve, "tls")?.Flag("ja4", false) ?? false),
        PgsqlPasswords = EveType(eve, "pgsql")?.Flag("passwords", false) ?? false,
        ShowJa4 = EveType(eve, "tls")?.Flag("ja4", false) ?? false,
        Dnp3 = new()
        {
            MaxTransactions = Count(protocols, "dnp3.max-tx", stock.Dnp3.MaxTransactions),
            MaxPoints = Count(protocols, "dnp3.max-points", stock.Dnp3.MaxPoints),
            MaxObjects = Count(protocols, "dnp3.max-objects", stock.Dnp3.MaxObjects),
        },
        FtpMaxLine = (int)Math.Clamp(protocols?.Size("ftp.max-line-length", stock.FtpMaxLine) ?? stock.FtpMaxLine, 16, 1 << 20),
        Mqtt = stock.Mqtt with
        {
            MaxLength = (int)Math.Clamp(protocols?.Size("mqtt.max-msg-length", stock.Mqtt.MaxLength) ?? stock.Mqtt.MaxLength, 0, 1 << 28),
            ShowPasswords = EveType(eve, "mqtt")?.Flag("passwords", true) ?? true,
        },
    };

    private static int Count(YamlNode? protocols, string key, int stock) => (int)Math.Clamp(protocols?.Size(key, stock) ?? stock, 1, 1 << 20);

    /// <summary>The settings of one record type in the list of types.</summary>
    private static YamlNode? EveType(YamlNode? eve, string name)
    {
        foreach (YamlNode type in eve?["types"]?.Items ?? [])
            if (type.Map != null && type.Map.TryGetValue(name, out YamlNode? detail)) return detail;
        return null;
    }
}
