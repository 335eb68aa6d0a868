// The image: a Debian root, the published program on it, and a disk that boots. The stages are in appliance/image.
using IO = System.IO;

Task("image").Does(() =>
{
  Install(Needs.Image);
  Timed("Publishing with its runtime", () => Dotnet(
    ["publish", "src/Host", "-c", Configuration, "-o", "artifacts/appliance/program", "--self-contained", "-p:AheadOfTime=true", "-v", "q", "--nologo", "-clp:NoSummary", .. Locked()]));
  Hand("appliance/image/build.sh", ["artifacts/appliance/program", Version(), "artifacts/appliance"]);
});

string Version() => System.Xml.Linq.XDocument.Load("Directory.Build.props").Descendants("Version").Single().Value;
