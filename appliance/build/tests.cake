// Runs the test programs by kind and adds up what they report.
using IO = System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;

record Suite(string Kind, string Name, string Program);

record Tally(Suite Suite, int Passed, int Failed, int Skipped, TimeSpan Took, IReadOnlyList<string> Failures);

// What runs at the same time on two cores without disturbing each other's clocks; browsers get the machine to themselves.
static readonly string[][] s_rounds = [["unit", "architecture"], ["integration", "conformance"], ["fuzz", "appliance"], ["browser"]];

IEnumerable<Suite> Suites()
{
  foreach (var project in IO.Directory.GetFiles(IO.Path.Combine(root, "modules"), "*.Tests.csproj", SearchOption.AllDirectories).Order())
    yield return Of("unit", project);
  foreach (var folder in IO.Directory.GetDirectories(IO.Path.Combine(root, "tests")).Order())
    foreach (var project in IO.Directory.GetFiles(folder, "*.Tests.csproj"))
      yield return Of(IO.Path.GetFileName(folder) == "Kernel" ? "unit" : IO.Path.GetFileName(folder).ToLowerInvariant(), project);

  static Suite Of(string kind, string project)
  {
    var name = IO.Path.GetFileNameWithoutExtension(project);
    return new(kind, name, IO.Path.Combine(IO.Path.GetDirectoryName(project), "bin", Configuration, Framework, name));
  }
}

// The accessibility rules come from npm by the lock file, once; afterwards no network is needed.
void FetchForBrowsers()
{
  var folder = IO.Path.Combine(root, "tests", "Browser");
  var here = IO.Path.Combine(folder, "node_modules", ".package-lock.json");
  if (IO.File.Exists(here) && IO.File.GetLastWriteTimeUtc(here) >= IO.File.GetLastWriteTimeUtc(IO.Path.Combine(folder, "package-lock.json")))
    return;
  Timed("Fetching the accessibility rules (npm ci in tests/Browser)", () =>
  {
    if (!Try("npm", "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"))
      throw Stop($"build.sh: The accessibility rules could not be fetched.\n  The last words of npm: {s_last}\n  Check that the npm registry answers, then start again.");
  });
}

void Test(string only, string filter, bool isLong)
{
  var kinds = s_rounds.SelectMany(round => round).ToList();
  if (only.Length > 0 && !kinds.Contains(only))
    throw Stop($"build.sh: There is no kind of tests called {only}.\n  Kinds: {string.Join(", ", kinds)}.\n  Name one of them after --only, or leave it out.");

  var reports = IO.Path.Combine(root, "artifacts", "test");
  if (IO.Directory.Exists(reports))
    IO.Directory.Delete(reports, recursive: true);
  IO.Directory.CreateDirectory(reports);

  var suites = Suites().Where(suite => only.Length == 0 || suite.Kind == only).ToList();
  var cluster = suites.Any(suite => suite.Kind is not ("architecture" or "appliance")) ? Cluster() : "";
  var tallies = new List<Tally>();
  try
  {
    foreach (var round in s_rounds)
      tallies.AddRange(Round(suites.Where(suite => round.Contains(suite.Kind)).ToList(), suite => RunSuite(suite, reports, filter, isLong, cluster)));
  }
  finally
  {
    if (cluster.Length > 0)
      DiscardCluster();
  }
  Report(tallies, kinds, filter);
}

// Two at a time: there are two cores.
IReadOnlyList<Tally> Round(List<Suite> suites, Func<Suite, Tally> run)
{
  var queue = new System.Collections.Concurrent.ConcurrentQueue<Suite>(suites);
  var done = new System.Collections.Concurrent.ConcurrentBag<Tally>();
  System.Threading.Tasks.Task.WaitAll(Enumerable.Range(0, 2).Select(_ => System.Threading.Tasks.Task.Run(() =>
  {
    while (queue.TryDequeue(out var suite))
      done.Add(run(suite));
  })).ToArray());
  return [.. done];
}

// Whole hosts and browsers on two busy cores now and then are a moment late: up to this many tests of a suite are tried once more, each is named, and with --long none is.
const int MostAgain = 3;

Tally RunSuite(Suite suite, string reports, string filter, bool isLong, string cluster)
{
  string[] chosen = filter.Length == 0 ? [] : filter.StartsWith('/') ? ["--filter-query", filter] : ["--filter-method", $"*{filter}*"];
  var tally = RunOnce(suite, reports, suite.Name, chosen, isLong, cluster);
  if (suite.Kind is "browser" or "integration" && !isLong && tally.Failed is > 0 and <= MostAgain)
    tally = Again(tally, reports, cluster);
  Console.WriteLine($"  {suite.Kind,-12} {suite.Name,-36} {tally.Passed,5} passed {tally.Failed,3} failed {tally.Skipped,3} skipped  {tally.Took.TotalSeconds,6:0.0} s");
  return tally;
}

Tally Again(Tally first, string reports, string cluster)
{
  static string NameOf(string failure) => failure.Split('\n')[0].Trim();
  var methods = first.Failures.Select(failure => NameOf(failure).Split('(')[0]).Distinct();
  var second = RunOnce(first.Suite, reports, first.Suite.Name + "-again", methods.SelectMany(method => new[] { "--filter-method", method }), false, cluster);
  if (second.Passed + second.Failed == 0)
    return first;
  var again = second.Failures.Select(NameOf).ToHashSet();
  foreach (var once in first.Failures.Where(failure => !again.Contains(NameOf(failure))))
    Console.WriteLine($"  passed at the second try only: {once}");
  var failures = first.Failures.Where(failure => again.Contains(NameOf(failure))).Concat(second.Failures.Where(failure => first.Failures.All(known => NameOf(known) != NameOf(failure)))).ToList();
  return first with { Passed = first.Passed + first.Failed - failures.Count, Failed = failures.Count, Failures = failures, Took = first.Took + second.Took };
}

Tally RunOnce(Suite suite, string reports, string name, IEnumerable<string> filter, bool isLong, string cluster)
{
  var report = IO.Path.Combine(reports, name + ".json");
  var log = IO.Path.Combine(reports, name + ".log");
  // 8: no test was left by the filter, which is for the sum to judge.
  List<string> line = ["--no-progress", "--no-ansi", "--ignore-exit-code", "8", "--results-directory", reports, "--report-ctrf", "--report-ctrf-filename", name + ".json", .. filter];

  var watch = System.Diagnostics.Stopwatch.StartNew();
  using var process = Start(suite.Program, line, start =>
  {
    start.RedirectStandardOutput = start.RedirectStandardError = true;
    start.Environment["CIRT_TEST_CLUSTER"] = cluster;
    start.Environment["CIRT_LONG"] = isLong ? "1" : "";
  });
  using (var written = IO.File.CreateText(log))
  {
    var gate = new object();
    System.Diagnostics.DataReceivedEventHandler keep = (_, said) => { lock (gate) if (said.Data is not null) written.WriteLine(said.Data); };
    process.OutputDataReceived += keep;
    process.ErrorDataReceived += keep;
    process.BeginOutputReadLine();
    process.BeginErrorReadLine();
    process.WaitForExit();
  }

  var tally = Read(suite, report, watch.Elapsed);
  if (process.ExitCode != 0 && tally.Failed == 0)
    tally = tally with { Failed = 1, Failures = [$"{suite.Name}: the runner ended with {process.ExitCode} before it reported; its last words: {string.Join(" / ", IO.File.ReadLines(log).Where(said => said.Length > 0).TakeLast(5))}"] };
  return tally;
}

Tally Read(Suite suite, string report, TimeSpan took)
{
  if (!IO.File.Exists(report))
    return new(suite, 0, 0, 0, took, []);
  var results = JsonNode.Parse(IO.File.ReadAllText(report))["results"];
  var tests = results["tests"].AsArray();
  int Count(string status) => tests.Count(test => (string)test["status"] == status);
  var failures = tests.Where(test => (string)test["status"] is not ("passed" or "skipped" or "pending")).Select(test => $"{test["name"]}\n      {((string)test["message"] ?? "").Replace("\n", "\n      ")}").ToList();
  return new(suite, Count("passed"), failures.Count, Count("skipped") + Count("pending"), took, failures);
}

void Report(List<Tally> tallies, List<string> kinds, string filter)
{
  foreach (var failure in tallies.OrderBy(tally => tally.Suite.Name).SelectMany(tally => tally.Failures))
    Console.WriteLine($"failed: {failure}");
  foreach (var kind in kinds.Where(kind => tallies.Any(tally => tally.Suite.Kind == kind)))
  {
    var of = tallies.Where(tally => tally.Suite.Kind == kind).ToList();
    Console.WriteLine($"{kind}: {of.Sum(tally => tally.Passed)} passed, {of.Sum(tally => tally.Failed)} failed, {of.Sum(tally => tally.Skipped)} skipped, {of.Sum(tally => tally.Took.TotalSeconds):0} s");
  }

  var (passed, failed, skipped) = (tallies.Sum(tally => tally.Passed), tallies.Sum(tally => tally.Failed), tallies.Sum(tally => tally.Skipped));
  if (passed + failed + skipped == 0)
  {
    Console.WriteLine(filter.Length > 0 ? $"No test has a name with {filter} in it." : "There was no test to run.");
    failed = 1;
  }
  Console.WriteLine($"{passed} passed, {failed} failed" + (skipped > 0 ? $", {skipped} skipped" : ""));
  Console.Out.Flush();
  Environment.Exit(failed > 0 ? 1 : 0);
}

// One throw-away PostgreSQL for all test programs of this run.
string ClusterFolder() => IO.Path.Combine(IO.Path.GetTempPath(), $"cirt-tests-{Math.Abs(root.Aggregate(17, (sum, sign) => unchecked(sum * 31 + sign))):x8}");

string Cluster()
{
  DiscardCluster();
  using var process = Start(Cirt(), ["database", "start", "--throw-away", "--data", ClusterFolder()], start => start.RedirectStandardOutput = true);
  var address = process.StandardOutput.ReadToEnd().Trim();
  process.WaitForExit();
  return process.ExitCode == 0 ? address : throw Stop("The tests need PostgreSQL: see above.");
}

void DiscardCluster()
{
  if (IO.Directory.Exists(ClusterFolder()))
    Start(Cirt(), ["database", "stop", "--throw-away", "--data", ClusterFolder()]).WaitForExit();
}
