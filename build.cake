// The targets of the appliance. ./build.sh finds the SDK and calls this file; ./build.sh help lists them.
#load "appliance/build/packages.cake"
#load "appliance/build/tests.cake"
#load "appliance/build/image.cake"

using IO = System.IO;
using System.Runtime.InteropServices;
using System.Threading;

var target = Argument("target", "help");
const string Configuration = "Release";
const string Framework = "net10.0";
var root = Context.Environment.WorkingDirectory.FullPath;

// Cake's own table of tasks says nothing that the targets have not said.
Teardown(context =>
{
  if (!context.Successful)
  {
    var fault = context.ThrownException;
    while (fault is AggregateException { InnerException: { } inner })
      fault = inner;
    Console.Error.WriteLine(fault.Message);
  }
  Console.Out.Flush();
  Environment.Exit(context.Successful ? 0 : 1);
});

Task("help").Does(() => Console.WriteLine(
  """
  ./build.sh run       build, start a private database, migrate, start the appliance; Ctrl-C stops it
                       --demo  with a sample country that plays a case by itself
                       --listen ADDRESS  other than loopback   --port NUMBER   --data DIRECTORY  (default var)
                       CIRT_DATABASE=<connection string>  use that server instead of a private one
  ./build.sh test      build and run all tests; the last line is the total
                       --only unit|integration|browser|conformance|architecture|fuzz|appliance   --filter WORDS   --long
                       CIRT_TRACE=1  keeps the trace of failed browser tests beside their pictures
                       APPLIANCE_CONFORMANCE=<directory>  where the conformance kits lie
  ./build.sh build     compile everything
  ./build.sh publish   the deployable, in artifacts/cirt
  ./build.sh conformance   the conformance tests, and the packet engine's table in artifacts/conformance
                       --peer "suricata"  to compare its records with  --event-rules FILE  rules about events  --kit DIRECTORY
  ./build.sh bench     measure the published program; --start, --outbox, --intake (--fever PROGRAM) and --events (--records NUMBER),
                       --load and --storm (--minutes NUMBER --rate NUMBER --stored NUMBER),
                       --console (--alerts NUMBER --incidents NUMBER; with tests/Browser built),
                       --sensor --capture FILE (--peer "suricata" --rules FILE --runs NUMBER),
                       --agreement (as conformance does), or all
  ./build.sh reference docs/reference, written from the product
  ./build.sh changelog --release X.Y.Z  gather docs/changelog/next under that release
  ./build.sh image     the image for virtual machines and bare metal, in artifacts/appliance (as root)
  ./build.sh format    put white space right; --check only looks
  ./build.sh clean     delete what was built; var (your data) stays
  """));

Task("build").Does(() => Compile("Appliance.sln"));

Task("run").Does(() =>
{
  Install(Needs.Run);
  // The published folder stands alone: an ordinary user can read it wherever root keeps its packages.
  Publish();
  List<string> line = ["run", "--data", IO.Path.GetFullPath(Argument("data", HasArgument("demo") ? "var/demo" : "var"))];
  foreach (var name in new[] { "listen", "port", "http-port", "interface" })
    if (Argument(name, "") is { Length: > 0 } value)
      line.AddRange([$"--{name}", value]);
  if (HasArgument("demo"))
    line.Add("--demo");
  Hand(IO.Path.Combine(root, "artifacts", "cirt", "cirt"), line);
});

Task("test").Does(() =>
{
  Install(Needs.Test);
  if (Argument("only", "") is "" or "browser")
    FetchForBrowsers();
  if (Argument("only", "") is "" or "appliance")
  {
    Offer(Needs.Image);
    if (HasArgument("long"))
      Offer(Needs.Boot);
  }
  Compile("Appliance.sln");
  Test(Argument("only", ""), Argument("filter", ""), HasArgument("long"));
});

Task("conformance").Does(() =>
{
  Install(Needs.Test);
  Compile("Appliance.sln");
  // The table of the packet engine first: the tests end the build with their sum.
  if (!HasArgument("filter"))
  {
    Publish();
    Dotnet(["run", "--project", "tests/Bench", "-c", Configuration, "--no-build", "--", "--agreement", .. After("--target").Where(word => word != "--long")]);
  }
  Test("conformance", Argument("filter", ""), HasArgument("long"));
});

Task("publish").Does(() =>
{
  if (IO.Directory.Exists("artifacts/cirt"))
    IO.Directory.Delete("artifacts/cirt", recursive: true);
  Publish();
});

Task("bench").Does(() =>
{
  Install(Needs.Run);
  Publish();
  Dotnet(["run", "--project", "tests/Bench", "-c", Configuration, "--", .. After("--target")]);
});

Task("reference").Does(() =>
{
  Install(Needs.Run);
  Compile("tests/Architecture");
  Environment.SetEnvironmentVariable("CIRT_WRITE_REFERENCE", "1");
  Test("architecture", "ReferenceTests", isLong: false);
});

Task("changelog").Does(() =>
{
  var release = Argument("release", "");
  if (!System.Text.RegularExpressions.Regex.IsMatch(release, @"^\d+\.\d+\.\d+$"))
    throw Stop($"build.sh: '{release}' is no release.\n  Write: ./build.sh changelog --release 1.2.3");
  var page = IO.Path.Combine(root, "docs", "changelog", "README.md");
  var parts = IO.Directory.GetFiles(IO.Path.Combine(root, "docs", "changelog", "next"), "*.md").Order(StringComparer.Ordinal).ToList();
  var lines = parts.GroupBy(file => IO.Path.GetFileName(file).Split('-')[0]).Select(kind => $"**{kind.Key}**\n\n" + string.Concat(kind.Select(file => "- " + IO.File.ReadAllText(file).Trim().Replace("\n", " ") + "\n")));
  IO.File.AppendAllText(page, $"\n## {release} ({DateTime.UtcNow:yyyy-MM-dd})\n\n" + string.Join('\n', lines));
  parts.ForEach(IO.File.Delete);
  Console.WriteLine($"{parts.Count} changes stand under {release} in {page}");
});

Task("format").Does(() =>
{
  List<string> line = ["format", "whitespace", ".", "--folder", "--exclude", "artifacts", "var"];
  if (HasArgument("check"))
    line.Add("--verify-no-changes");
  Dotnet(line);
});

Task("clean").Does(() =>
{
  foreach (var place in new[] { "src", "modules", "tests" }
    .SelectMany(room => IO.Directory.GetFiles(IO.Path.Combine(root, room), "*.csproj", SearchOption.AllDirectories))
    .SelectMany(project => new[] { "bin", "obj" }.Select(name => IO.Path.Combine(IO.Path.GetDirectoryName(project), name)))
    .Append(IO.Path.Combine(root, "artifacts"))
    .Where(IO.Directory.Exists))
    IO.Directory.Delete(place, recursive: true);
  Console.WriteLine("Deleted what was built. Your data is in var: delete that folder yourself to lose it.");
});

// What follows the target on the command line is for the benches themselves: --intake --records 400000.
IEnumerable<string> After(string option) => Environment.GetCommandLineArgs().SkipWhile(word => !word.StartsWith(option)).Skip(1);

// Ends here with a message in three parts, before Cake adds words of its own.
Exception Stop(string message)
{
  Console.Error.WriteLine(message);
  Environment.Exit(1);
  return new Exception(message);
}

string Cirt() => IO.Path.Combine(root, "src", "Host", "bin", Configuration, Framework, "cirt");

void Compile(string what) => Timed($"Building {what}", () => Dotnet(["build", what, "-c", Configuration, "-v", "q", "--nologo", "-clp:NoSummary", .. Locked()]));

void Publish() => Timed("Publishing to artifacts/cirt", () =>
  Dotnet(["publish", "src/Host", "-c", Configuration, "-o", "artifacts/cirt", "--no-self-contained", "-p:AheadOfTime=true", "-v", "q", "--nologo", "-clp:NoSummary", .. Locked()]));

void Timed(string what, Action act)
{
  Console.WriteLine(what);
  var watch = System.Diagnostics.Stopwatch.StartNew();
  act();
  Console.WriteLine($"  took {watch.Elapsed.TotalSeconds:0} s");
}

// In a clean room the lock files decide; elsewhere a changed reference rewrites them.
string[] Locked() => EnvironmentVariable("CI") == "true" ? ["-p:RestoreLockedMode=true"] : [];

string[] Words(string argument) => Argument(argument, "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

void Dotnet(IEnumerable<string> line)
{
  using var process = Start("dotnet", line);
  process.WaitForExit();
  if (process.ExitCode != 0)
    throw Stop($"dotnet {string.Join(' ', line.Take(2))} failed: see above.");
}

System.Diagnostics.Process Start(string program, IEnumerable<string> line, Action<System.Diagnostics.ProcessStartInfo> more = null)
{
  var start = new System.Diagnostics.ProcessStartInfo(program, line) { WorkingDirectory = root };
  more?.Invoke(start);
  return System.Diagnostics.Process.Start(start);
}

// Runs the program in our place: its output is ours, Ctrl-C reaches it from the terminal, SIGTERM through us, and its exit code is ours.
void Hand(string program, IEnumerable<string> line)
{
  System.Diagnostics.Process process = null;
  using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
  using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
  {
    context.Cancel = true;
    System.Diagnostics.Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExit();
  });
  process = Start(program, line);
  process.WaitForExit();
  Console.Out.Flush();
  Environment.Exit(process.ExitCode);
}

if (Tasks.All(task => task.Name != target))
{
  Console.Error.WriteLine($"build.sh: There is no target called {target}.\n  Targets: {string.Join(", ", Tasks.Select(task => task.Name))}.\n  ./build.sh help says what each does.");
  Environment.Exit(1);
}

RunTarget(target);
