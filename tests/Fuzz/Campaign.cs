namespace Appliance.Fuzz;

/// <summary>
/// Changes seeds, runs what comes out, keeps and changes further whatever made the program do something new. The seed of the random numbers is fixed in short runs, so that they repeat;
/// long ones begin elsewhere each time and say where.
/// </summary>
internal sealed class Campaign(string name, IReadOnlyList<byte[]> seeds, int from = 0)
{
    private const int MostKept = 4000, EnoughFindings = 20;

    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("CIRT_LONG") == "1";

    public required int Budget { get; init; }
    public IReadOnlyList<byte[]> Words { get; init; } = [];

    public static void Tell(string text) => Xunit.TestContext.Current.TestOutputHelper?.WriteLine(text);

    public List<Finding> Run(Action<byte[], Features> target)
    {
        int start = int.TryParse(Environment.GetEnvironmentVariable("CIRT_FUZZ_SEED"), System.Globalization.CultureInfo.InvariantCulture, out int given) ? given : IsLong ? Environment.TickCount & 0xffffff : 1;
        var random = new Random(start);
        var mutator = new Mutator(random, Words);
        var judge = new Judge(name);
        var features = new Features();
        var found = new Dictionary<string, Finding>();
        var queue = new List<byte[]>();
        // seeds are few in short runs: those that a fixed draw picks
        foreach (byte[] seed in seeds.Count <= Budget ? seeds : seeds.OrderBy(_ => random.Next()).Take(Budget))
        {
            features.Begin();
            Note(judge.Try(seed, bytes => target(bytes, features)));
            queue.Add(seed);
        }
        for (int i = 0; i < Budget && found.Count < EnoughFindings && queue.Count > 0; i++)
        {
            byte[] input = mutator.Change(queue[Pick()], queue[random.Next(queue.Count)], from);
            features.Begin();
            Finding? finding = judge.Try(input, bytes => target(bytes, features));
            Note(finding);
            if (finding == null && features.IsNew && queue.Count < MostKept) queue.Add(input);
        }
        Tell($"{name}: seed {start}, {Budget} inputs from {seeds.Count}, {queue.Count} kept, {features.Total} features, slowest {judge.Slowest.TotalSeconds:F2} s, largest {judge.Largest >> 20} MiB");
        return [.. found.Values];

        // half of the time among the newest
        int Pick() => random.Next(2) == 0 ? random.Next(queue.Count) : queue.Count - 1 - random.Next(Math.Min(queue.Count, 64));

        void Note(Finding? finding)
        {
            if (finding != null) found.TryAdd(Where(finding.What), finding);
        }
    }

    /// <summary>The same fault is told once: by its kind and the first places of ours that it passed.</summary>
    private static string Where(string what) => string.Join('|', what.Split('\n').Where((line, i) => i == 0 || line.Contains("Sensing.Engine", StringComparison.Ordinal)).Take(3));
}
