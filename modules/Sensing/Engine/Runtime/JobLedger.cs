namespace Appliance.Sensing.Engine.Runtime;

/// <summary>Which jobs were begun and ended: one line each, so that none is run twice and a cut-off one is told.</summary>
internal sealed class JobLedger
{
    private const int Kept = 10_000;
    private readonly Lock _gate = new();
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

    public IEnumerable<string> Interrupted()
    {
        lock (_gate) return _begun.Where(id => !_ended.Contains(id)).ToArray();
    }

    public bool KnowsFile(string path) => _files.Contains(path);

    public void SawFile(string path) => _files.Add(path);

    public bool TryBegin(string id)
    {
        lock (_gate)
        {
            if (_begun.Contains(id)) return false;
            File.AppendAllText(_path, $"begun {id}\n");
            return _begun.Add(id);
        }
    }

    public void Ended(string id)
    {
        lock (_gate)
            if (_ended.Add(id)) File.AppendAllText(_path, $"ended {id}\n");
    }
}
