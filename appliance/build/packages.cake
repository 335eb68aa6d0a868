// What the appliance takes from the distribution, how its presence is seen, and how it is installed.
using IO = System.IO;

// Image stands apart: it needs what makes a disk, not what runs the tests; Boot needs what starts that disk, in the long tests.
enum Needs { Run, Test, Image, Boot }

// Present says whether the machine has it, from whatever source; Packages are alternatives, tried in order.
record Part(Needs For, string What, Func<bool> Present, params string[] Packages);

static class Look
{
  static readonly Lazy<string> s_libraries = new(() => Read("ldconfig", "-p"));

  public static bool Program(params string[] names) =>
    names.Any(name => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Any(folder => IO.File.Exists(IO.Path.Combine(folder, name))));

  public static bool Library(string soname) => s_libraries.Value.Contains(soname + " ");

  public static bool Postgres() =>
    Program("initdb") || (IO.Directory.Exists("/usr/lib/postgresql") && IO.Directory.GetDirectories("/usr/lib/postgresql").Any(folder => IO.File.Exists($"{folder}/bin/initdb")));

  public static bool FontFile(string beginning) => IO.Directory.Exists("/usr/share/fonts") && IO.Directory.EnumerateFiles("/usr/share/fonts", $"{beginning}*", IO.SearchOption.AllDirectories).Any();

  public static bool Font(string language) => Program("fc-list") && Read("fc-list", $":lang={language}").Length > 0;

  public static string Read(string program, params string[] line)
  {
    var found = new[] { "/usr/sbin", "/sbin" }.Select(folder => $"{folder}/{program}").FirstOrDefault(IO.File.Exists) ?? program;
    using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(found, line) { RedirectStandardOutput = true });
    var text = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return text;
  }
}

var parts = new Part[]
{
  new(Needs.Run, "PostgreSQL 15 or later", Look.Postgres, "postgresql"),
  new(Needs.Run, "libpcap, to read captures", () => Look.Library("libpcap.so.0.8"), "libpcap0.8", "libpcap0.8t64"),
  new(Needs.Run, "Hyperscan or Vectorscan, to match rules", () => Look.Library("libhs.so.5"), "libhyperscan5", "libvectorscan5"),
  new(Needs.Run, "PCRE2", () => Look.Library("libpcre2-8.so.0"), "libpcre2-8-0"),
  new(Needs.Run, "GMime, to read mail", () => Look.Library("libgmime-3.0.so.0"), "libgmime-3.0-0", "libgmime-3.0-0t64"),
  new(Needs.Run, "Pango and Cairo, to print PDF", () => Look.Library("libpangocairo-1.0.so.0"), "libpangocairo-1.0-0"),
  new(Needs.Run, "letters for it: Latin, Cyrillic, Arabic", () => Look.FontFile("DejaVuSans."), "fonts-dejavu-core"),
  new(Needs.Run, "letters for it: Chinese", () => Look.FontFile("DroidSansFallback"), "fonts-droid-fallback"),
  new(Needs.Run, "GnuPG", () => Look.Program("gpg"), "gnupg"),
  new(Needs.Run, "OpenSSL's program, for S/MIME", () => Look.Program("openssl"), "openssl"),
  new(Needs.Run, "age, to encrypt backups", () => Look.Program("age"), "age"),
  new(Needs.Test, "Chromium, for the browser tests", () => Look.Program("chromium"), "chromium"),
  new(Needs.Test, "npm, which fetches the accessibility rules", () => Look.Program("npm"), "npm"),
  new(Needs.Test, "fontconfig, to see which letters can be drawn", () => Look.Program("fc-list"), "fontconfig"),
  new(Needs.Test, "a font with Arabic letters", () => Look.Font("ar"), "fonts-noto-core"),
  new(Needs.Test, "a font with Chinese characters", () => Look.Font("zh-cn"), "fonts-wqy-microhei", "fonts-noto-cjk"),
  new(Needs.Test, "poppler, to read what was printed", () => Look.Program("pdftotext"), "poppler-utils"),
  // Another mail server is left alone: installing this one would remove it, and the tests that need it say that they are skipped.
  new(Needs.Test, "a mail server for the tests on loopback", () => Look.Program("smtpd", "sendmail"), "opensmtpd"),
  new(Needs.Test, "rsync, for the tests of remote sensors", () => Look.Program("rsync"), "rsync"),
  new(Needs.Test, "an SSH server for the same, started by the test alone", () => Look.Program("sshd"), "openssh-server"),
  new(Needs.Test, "a name server for the tests of look-ups, started by the test alone", () => Look.Program("dnsmasq"), "dnsmasq-base"),
  new(Needs.Image, "mmdebstrap, to make the root", () => Look.Program("mmdebstrap"), "mmdebstrap"),
  new(Needs.Image, "the archive's keys", () => IO.File.Exists("/usr/share/keyrings/debian-archive-keyring.gpg"), "debian-archive-keyring"),
  new(Needs.Image, "erofs-utils", () => Look.Program("mkfs.erofs"), "erofs-utils"),
  new(Needs.Image, "veritysetup", () => Look.Program("veritysetup"), "cryptsetup-bin"),
  new(Needs.Image, "mtools, for the boot partition", () => Look.Program("mformat"), "mtools"),
  new(Needs.Image, "sgdisk", () => Look.Program("sgdisk"), "gdisk"),
  new(Needs.Image, "sfdisk, to read the table of a disk", () => Look.Program("sfdisk"), "fdisk"),
  new(Needs.Image, "objcopy", () => Look.Program("objcopy"), "binutils"),
  new(Needs.Image, "python3-pefile, for the unified kernel image", () => IO.Directory.Exists("/usr/lib/python3/dist-packages/pefile") || IO.File.Exists("/usr/lib/python3/dist-packages/pefile.py"), "python3-pefile"),
  new(Needs.Image, "the systemd stub, for the tests of the disk", () => IO.File.Exists("/usr/lib/systemd/boot/efi/linuxx64.efi.stub"), "systemd-boot-efi"),
  new(Needs.Image, "qemu-img", () => Look.Program("qemu-img"), "qemu-utils"),
  new(Needs.Boot, "qemu, to boot it in the long tests", () => Look.Program("qemu-system-x86_64"), "qemu-system-x86"),
  new(Needs.Boot, "UEFI firmware for that", () => IO.Directory.Exists("/usr/share/OVMF"), "ovmf"),
  new(Needs.Boot, "a TPM for that", () => Look.Program("swtpm"), "swtpm"),
  new(Needs.Boot, "nmap, to scan it from outside", () => Look.Program("nmap"), "nmap"),
  new(Needs.Image, "nft, to check the firewall's rules", () => Look.Program("nft"), "nftables"),
};

void Install(Needs needs)
{
  var ownServer = !string.IsNullOrEmpty(EnvironmentVariable("CIRT_DATABASE")) && needs == Needs.Run;
  var missing = parts.Where(part => (part.For == needs || (part.For == Needs.Run && needs == Needs.Test)) && !part.Present() && !(ownServer && part.Packages[0] == "postgresql")).ToList();
  if (missing.Count == 0)
    return;

  var names = string.Join(' ', missing.Select(part => part.Packages[0]));
  foreach (var part in missing)
    Console.WriteLine($"Missing: {part.What} ({part.Packages[0]})");
  var asRoot = Environment.IsPrivilegedProcess ? new string[0] : Try("sudo", "-n", "true") ? ["sudo", "-n"] : null;
  if (asRoot is null || !Look.Program("apt-get"))
    throw Stop(
      $"""
      build.sh: Packages are missing.
        {names}
        {(Look.Program("apt-get") ? "Install them, then start again: sudo apt-get install " + names : "Install what they are called on this system, then start again.")}
      """);

  if (names.Contains("postgresql"))
    NoClusterOfItsOwn(asRoot);
  Console.WriteLine($"Installing {names} (apt-get)");
  var listed = false;
  foreach (var part in missing)
  {
    bool One() => part.Packages.Any(package => Try([.. asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq", "-y", "--no-install-recommends", package]));
    if (One())
      continue;
    if (!listed)
    {
      Console.WriteLine("Fetching the package lists (apt-get update)");
      Try([.. asRoot, "apt-get", "update", "-qq"]);
      listed = true;
      if (One())
        continue;
    }
    throw Stop(
      $"""
      build.sh: A package could not be installed.
        {part.What}: none of {string.Join(", ", part.Packages)}. The last words of apt-get: {s_last}
        Install it by hand (apt-get install {part.Packages[0]}), then start again.
      """);
  }
}

// The same without insisting: where it cannot be had, the tests that want it say that they are skipped.
void Offer(Needs needs)
{
  var missing = parts.Where(part => part.For == needs && !part.Present()).ToList();
  var asRoot = Environment.IsPrivilegedProcess ? new string[0] : Try("sudo", "-n", "true") ? ["sudo", "-n"] : null;
  if (missing.Count == 0 || asRoot is null || !Look.Program("apt-get"))
    return;
  Console.WriteLine($"Installing {string.Join(' ', missing.Select(part => part.Packages[0]))} (apt-get), for the tests of the image");
  foreach (var part in missing.Where(part => !Try([.. asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq", "-y", "--no-install-recommends", part.Packages[0]])))
    Console.WriteLine($"  without {part.Packages[0]}: {s_last}");
}

// The distribution would create and start a server on port 5432; the appliance brings its own, private one.
void NoClusterOfItsOwn(string[] asRoot)
{
  const string setting = "/etc/postgresql-common/createcluster.d/cirt-appliance.conf";
  if (IO.Directory.Exists("/usr/share/postgresql-common") || IO.File.Exists(setting))
    return;
  Console.WriteLine($"Telling the package not to create a server of its own (create_main_cluster = false in {setting})");
  Try([.. asRoot, "sh", "-c", $"mkdir -p {IO.Path.GetDirectoryName(setting)} && echo 'create_main_cluster = false' > {setting}"]);
}

static string s_last = "";

bool Try(params string[] line)
{
  var start = new System.Diagnostics.ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
  try
  {
    using var process = System.Diagnostics.Process.Start(start);
    var error = process.StandardError.ReadToEndAsync();
    process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    s_last = string.Join(' ', error.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(2));
    return process.ExitCode == 0;
  }
  catch (System.ComponentModel.Win32Exception)
  {
    return false;
  }
}
