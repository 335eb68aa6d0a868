using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Appliance.Bench;

/// <summary>Which benches run, over how much.</summary>
/// <param name="Names">Without their dashes; none means all.</param>
/// <param name="Records">Records of the intake bench.</param>
/// <param name="Runs">Starts of the start bench, pairs of runs of the sensor bench.</param>
/// <param name="Capture">The capture of the sensor bench.</param>
/// <param name="Peer">A command with Suricata's command line, to compare with.</param>
/// <param name="Rules">Rules of the sensor bench instead of the kit's.</param>
/// <param name="Kit">The directory of the conformance kits, where the environment does not say.</param>
/// <param name="Alerts">Alerts of the console bench.</param>
/// <param name="Incidents">Incidents of the console bench.</param>
/// <param name="Minutes">How long the load and storm benches feed.</param>
/// <param name="Rate">Records a second of those.</param>
/// <param name="Stored">Alerts that lie in the database before the load begins.</param>
/// <param name="Fever">The program to compare the intake with.</param>
/// <param name="Events">Rules about events, a further rule set of the agreement bench.</param>
internal sealed record BenchOptions(IReadOnlyList<string> Names, int Records, int Runs, string? Capture, string? Peer, string? Rules, string? Kit, string? Events, int Alerts, int Incidents, int Minutes, int Rate, int Stored, string? Fever)
{
    /// <summary>Reads <c>--intake --records 400000</c>; <paramref name="fault"/> names a number that is none.</summary>
    public static bool TryRead(string[] words, [NotNullWhen(true)] out BenchOptions? options, out string fault)
    {
        var names = new List<string>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal) { ["--records"] = 400_000, ["--runs"] = 5, ["--alerts"] = 1_000_000, ["--incidents"] = 100_000, ["--minutes"] = 10, ["--rate"] = 10_000, ["--stored"] = 0 };
        var texts = new Dictionary<string, string?>(StringComparer.Ordinal) { ["--capture"] = null, ["--peer"] = null, ["--rules"] = null, ["--kit"] = null, ["--event-rules"] = null, ["--fever"] = null };
        (options, fault) = (null, "");
        for (var i = 0; i < words.Length; i++)
        {
            if (texts.ContainsKey(words[i]))
            {
                if (i + 1 == words.Length)
                {
                    fault = $"{words[i]} wants a value.";
                    return false;
                }

                texts[words[i]] = words[i + 1];
                i++;
                continue;
            }

            if (!numbers.ContainsKey(words[i]))
            {
                names.Add(words[i].TrimStart('-'));
                continue;
            }

            if (i + 1 == words.Length || !int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                fault = $"{words[i]} wants a whole number above 0, not '{(i + 1 < words.Length ? words[i + 1] : "")}'.";
                return false;
            }

            numbers[words[i++]] = number;
        }

        options = new(names, numbers["--records"], numbers["--runs"], texts["--capture"], texts["--peer"], texts["--rules"], texts["--kit"], texts["--event-rules"], numbers["--alerts"], numbers["--incidents"], numbers["--minutes"], numbers["--rate"], numbers["--stored"], texts["--fever"]);
        return true;
    }
}
