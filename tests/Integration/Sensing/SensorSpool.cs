using System.Globalization;
using System.Text;

namespace Appliance.Integration.Sensing;

/// <summary>Writes a sensor's spool as the engine does: closed, numbered segments put in place by rename.</summary>
internal sealed class SensorSpool
{
    private readonly Dictionary<string, int> _next = new(StringComparer.Ordinal) { ["alerts"] = 1, ["events"] = 1 };

    public SensorSpool(string folder)
    {
        Folder = folder;
        Directory.CreateDirectory(Path.Combine(folder, "spool"));
    }

    public string Folder { get; }

    /// <summary>Puts a segment of whole lines.</summary>
    public void Put(string stream, params IEnumerable<string> lines) => Put(stream, Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n"))));

    /// <summary>Puts a segment of any bytes.</summary>
    public void Put(string stream, byte[] content)
    {
        var number = _next[stream]++;
        var name = string.Create(CultureInfo.InvariantCulture, $"{stream}-{number:D10}");
        var open = Path.Combine(Folder, "spool", name + ".open");
        File.WriteAllBytes(open, content);
        File.Move(open, Path.Combine(Folder, "spool", name + ".json"));
    }

    public static string Alert(long sid, string source = "10.1.1.1", string destination = "192.0.2.1", int severity = 2, string extra = "", string signature = "TEST rule") =>
        $$$"""{"timestamp":"2026-11-20T10:00:00.000000+0000","flow_id":{{{sid}}},"event_type":"alert","src_ip":"{{{source}}}","src_port":1025,"dest_ip":"{{{destination}}}","dest_port":80,"proto":"TCP","app_proto":"http","alert":{"action":"allowed","gid":1,"signature_id":{{{sid}}},"rev":1,"signature":"{{{signature}}} {{{sid}}}","category":"Misc","severity":{{{severity}}}},"http":{"hostname":"evil.example","url":"/x"}{{{extra}}}}""";

    public static string Dns(int number, string name = "a.example") =>
        $$$"""{"timestamp":"2026-11-20T10:00:00.000000+0000","flow_id":{{{number}}},"event_type":"dns","src_ip":"10.1.1.1","src_port":5353,"dest_ip":"192.0.2.53","dest_port":53,"proto":"UDP","dns":{"type":"query","rrname":"{{{name}}}"}}""";

    public static string Engine(string body) => $$"""{"timestamp":"2026-11-20T10:00:00.000000+0000","event_type":"engine","engine":{{body}}}""";
}
