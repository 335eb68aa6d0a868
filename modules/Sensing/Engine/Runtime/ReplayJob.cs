using System.Text.Json;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>A job file: replay this capture.</summary>
internal sealed record ReplayJob(string Id, string File, bool CommunityId)
{
    public static ReplayJob? Read(string path, out string? fault)
    {
        fault = null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
            JsonElement root = json.RootElement;
            string id = root.GetProperty("id").GetString() ?? "";
            string kind = root.GetProperty("kind").GetString() ?? "";
            string file = root.GetProperty("file").GetString() ?? "";
            if (id.Length is 0 or > 64 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) fault = "the id is not 1 to 64 letters, digits, - or _";
            else if (kind != "replay") fault = $"unknown kind \"{kind}\"";
            else if (file.Length == 0) fault = "names no file";
            if (fault != null) return null;
            return new ReplayJob(id, file, !root.TryGetProperty("community_id", out JsonElement c) || c.ValueKind != JsonValueKind.False);
        }
        catch (Exception e) when (e is JsonException or IOException or KeyNotFoundException or InvalidOperationException)
        {
            fault = $"the job file cannot be read: {e.Message}";
            return null;
        }
    }
}

/// <summary>Which jobs were begun and ended: one line each, so that none is run twice and a cut-off one is told.</summary>
internal sealed class JobLedger
{
    private const int Kept = 10_000;
    private readonly string _path;
    private readonly HashSet<string> _begun = [];
    private readonly HashSet<string> _ended = [];
    private readonly HashSet<string> _files = [];

    public JobLedger(string path)
    {
        _path = path;
        if (!File.Exists(path)) return;
        string[] lines = File.ReadAllLines(path);
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            if (words.Length != 2) continue;
            if (words[0] == "begun") _begun.Add(words[1]);
            else if (words[0] == "ended") _ended.Add(words[1]);
        }
        if (lines.Length > Kept * 2) File.WriteAllLines(path, lines.TakeLast(Kept));
    }

    public IEnumerable<string> Interrupted() => _begun.Where(id => !_ended.Contains(id)).ToArray();

    public bool KnowsFile(string path) => _files.Contains(path);

    public void SawFile(string path) => _files.Add(path);

    public bool TryBegin(string id)
    {
        if (!_begun.Add(id)) return false;
        File.AppendAllText(_path, $"begun {id}\n");
        return true;
    }

    public void Ended(string id)
    {
        if (_ended.Add(id)) File.AppendAllText(_path, $"ended {id}\n");
    }
}
