using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>What is known of addresses: a score of 1 to 127 per category.</summary>
internal sealed class Reputation
{
    private readonly Dictionary<string, byte> _categories = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Prefix, UInt128 Network), byte[]> _scores = [];
    private readonly SortedSet<int> _prefixes = [];

    public bool TryCategory(string name, out byte number) => _categories.TryGetValue(name, out number);

    /// <summary>Lines of number,name,description.</summary>
    public void LoadCategories(string path, List<RuleFault> faults)
    {
        int at = 0;
        foreach (string raw in File.ReadLines(path, Encoding.UTF8))
        {
            at++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            string[] parts = line.Split(',');
            if (parts.Length < 2 || !byte.TryParse(parts[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out byte number) || number > 60) faults.Add(new RuleFault(path, at, 0, "reputation-categories-file", $"\"{line}\" is not number,name,description"));
            else _categories[parts[1].Trim()] = number;
        }
    }

    /// <summary>Lines of address or network,category number,score.</summary>
    public void Load(string path, List<RuleFault> faults)
    {
        int at = 0;
        foreach (string raw in File.ReadLines(path, Encoding.UTF8))
        {
            at++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            string[] parts = line.Split(',');
            if (parts.Length < 3 || !byte.TryParse(parts[1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out byte category) || category > 60
                || !byte.TryParse(parts[2].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out byte score) || score > 127 || !AddressSet.TryRange(parts[0].Trim(), out var range))
            {
                faults.Add(new RuleFault(path, at, 0, "reputation-files", $"\"{line}\" is not address,category,score"));
                continue;
            }
            int prefix = 128 - (range.High == range.Low ? 0 : (int)UInt128.Log2(range.High - range.Low + 1));
            if (range.High - range.Low == UInt128.MaxValue) prefix = 0;
            if (!_scores.TryGetValue((prefix, range.Low), out byte[]? scores)) _scores[(prefix, range.Low)] = scores = new byte[61];
            scores[category] = score;
            _prefixes.Add(prefix);
        }
    }

    /// <summary>The score of the most exact entry that has one in the category; 0: none.</summary>
    public int ScoreOf(IpAddress address, int category)
    {
        foreach (int prefix in _prefixes.Reverse())
        {
            UInt128 network = prefix == 0 ? UInt128.Zero : address.Value >> (128 - prefix) << (128 - prefix);
            if (_scores.TryGetValue((prefix, network), out byte[]? scores) && scores[category] > 0) return scores[category];
        }
        return 0;
    }
}
