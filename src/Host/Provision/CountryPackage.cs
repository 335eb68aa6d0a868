using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Appliance.Host.Answers;
using Appliance.Kernel.Backup;

namespace Appliance.Host.Provision;

/// <summary>What is made anew for one country: code, keys, and the answer file that holds only their public halves and hashes.</summary>
internal sealed record CountryPackage(RolloutRow Row, string Code, string MachineKey, string BackupKey, string Answers, string? PeerPassword)
{
    private const int Groups = 5;
    private const int GroupSigns = 5;

    // Without letters and digits that are taken for each other; 30 signs, 25 of them are 122 bits.
    private const string Signs = "23456789abcdefghjkmnpqrstvwxyz";

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Country => Row["country"].ToLowerInvariant();

    public string Login => $"{Country}-cirt";

    public static async Task<CountryPackage> MakeAsync(RolloutRow row, CancellationToken cancel)
    {
        var (machine, machineSecret) = await AgeProgram.NewPairAsync(cancel);
        var (backup, backupSecret) = await AgeProgram.NewPairAsync(cancel);
        var code = string.Join('-', Enumerable.Range(0, Groups).Select(_ => RandomNumberGenerator.GetString(Signs, GroupSigns)));
        var password = row["hub_url"].Length > 0 ? RandomNumberGenerator.GetString(Signs, 40) : null;
        var closed = password is null ? "" : await AnswerSeal.SealAsync(machine, password, cancel);
        var package = new CountryPackage(row, code, machineSecret, backupSecret, "", password);
        return package with { Answers = package.Write(backup, closed) };
    }

    /// <summary>The line of the centre's own file that lets this country in.</summary>
    public string PeerLine() => $"  - {{ name: {Quoted(Row["name"])}, login: {Login}, passwordHash: {HashOf(PeerPassword!)} }}\n";

    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private string Write(string backup, string closed)
    {
        var text = new StringBuilder("answers: 1\n");
        Section(text, "organisation", ("name", Row["name"]), ("country", Row["country"]), ("mail", Row["mail"]), ("address", Row["address"]), ("language", Row["language"]));
        text.Append("machine:\n");
        Put(text, "hostName", Row["host_name"]);
        foreach (var (name, column) in new[] { ("addresses", "addresses"), ("gateways", "gateways"), ("nameServers", "name_servers"), ("timeServers", "time_servers"), ("capturePorts", "capture_ports"), ("mailFor", "mail_for") })
            Put(text, name, Row.List(column));
        Put(text, "logServer", Row["log_server"]);
        Put(text, "mailRelay", Row["mail_relay"]);
        Put(text, "backupKey", backup);
        text.Append(CultureInfo.InvariantCulture, $"people:\n  - {{ name: {Quoted(Row["admin"])}, display: {Quoted(Row["admin_name"])}, mail: {Quoted(Row["admin_mail"])}, language: {Quoted(Row["language"])}, code: {HashOf(Code)} }}\n");
        if (Row.List("capture_ports").Count + Row.List("home_networks").Count > 0)
        {
            text.Append("sensor:\n");
            Put(text, "interfaces", Row.List("capture_ports"));
            Put(text, "homeNetworks", Row.List("home_networks"));
        }
        if (Row["rules"].Length > 0)
            text.Append(CultureInfo.InvariantCulture, $"rules:\n  - {{ name: rollout, url: {Quoted(Row["rules"])} }}\n");
        if (closed.Length > 0)
            Section(text, "hub", ("name", Row["hub_name"]), ("url", Row["hub_url"]), ("login", Login), ("password", closed));
        return text.ToString();
    }

    private static void Section(StringBuilder text, string name, params (string Name, string Value)[] values)
    {
        text.Append(CultureInfo.InvariantCulture, $"{name}:\n");
        foreach (var (member, value) in values)
            Put(text, member, value);
    }

    private static void Put(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
            text.Append(CultureInfo.InvariantCulture, $"  {name}: {Quoted(value)}\n");
    }

    private static void Put(StringBuilder text, string name, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $"  {name}: [{string.Join(", ", values.Select(Quoted))}]\n");
    }

    // A JSON string is a YAML string: no value can end its quotes.
    private static string Quoted(string value) => JsonSerializer.Serialize(value, s_json);
}
