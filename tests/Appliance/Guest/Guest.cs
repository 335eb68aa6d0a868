using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Appliance.Tests;
using Xunit;

namespace Appliance.Image.Tests.Guest;

/// <summary>A virtual machine with the image that was built here, started by <c>image/try.sh</c>. Every wait is bounded; the serial log stays in <c>artifacts/test/guest</c>.</summary>
internal sealed class Guest : IAsyncDisposable
{
    /// <summary>A slow, emulated machine on two busy cores; with KVM it is a tenth.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    private static readonly TimeSpan s_oneTry = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, string> _settings;

    public Guest(string name, IReadOnlyDictionary<string, string> settings)
    {
        Work = Checkout.At("artifacts", "test", "guest", name);
        Directory.CreateDirectory(Work);
        Port = FreePort.Take();
        _settings = new(settings) { ["CIRT_TRY_PORT"] = Port.ToString(CultureInfo.InvariantCulture) };
        Http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => See(certificate) }, AllowAutoRedirect = false })
        {
            BaseAddress = new($"https://127.0.0.1:{Port}/"),
            Timeout = TimeSpan.FromMinutes(3),
        };
    }

    public string Work { get; }

    public int Port { get; }

    public HttpClient Http { get; }

    /// <summary>SHA-256 of the certificate that answered last.</summary>
    public string Fingerprint { get; private set; } = "";

    public string Serial => Read("serial.log");

    public string Second => Read("second.log");

    private string Image => Checkout.At("artifacts", "appliance");

    /// <summary>What stands in the way of a boot; null when nothing does.</summary>
    public static string? Absence =>
        Environment.GetEnvironmentVariable("CIRT_LONG") != "1" ? "boots take minutes: ./build.sh test --only appliance --long"
        : !File.Exists("/usr/bin/qemu-system-x86_64") ? "not installed: qemu-system-x86"
        : !File.Exists(Checkout.At("artifacts", "appliance", "cmdline")) ? "no image was built here: ./build.sh image"
        : null;

    public async Task StartAsync(string how = "direct")
    {
        var version = Directory.GetFiles(Image, "cirt-*.img").Select(f => Path.GetFileNameWithoutExtension(f)["cirt-".Length..]).Order(StringComparer.Ordinal).Last();
        var (code, said) = await Tool.RunAsync("bash", [Tool.At("image", "try.sh"), Image, version, Path.Combine(Image, "boot"), Work, how], _settings);
        Assert.True(code == 0, said);
        _settings["CIRT_TRY_KEEP"] = "1";
    }

    /// <summary>Seconds until <c>/health</c> answered with 200. While the guest is down a forwarded port hangs, so one try is short until something answers at all.</summary>
    public async Task<double> HealthyAsync()
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < Patience)
        {
            Assert.True(IsRunning, $"the machine stopped by itself; its last words:\n{Tail(Serial)}");
            if (await GreetsAsync() && await AnswersAsync("health"))
                return watch.Elapsed.TotalSeconds;
            await Task.Delay(1000, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException($"nobody answered within {Patience}; the machine's last words:\n{Tail(Serial)}");
    }

    /// <summary>The lines of the second serial line, once <paramref name="last"/> is among them.</summary>
    public async Task<string[]> SecondAsync(string last, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        while (!Second.Contains(last, StringComparison.Ordinal))
        {
            if (watch.Elapsed > (patience ?? Patience))
                throw new TimeoutException($"'{last}' was not said:\n{Tail(Second)}\nserial:\n{Tail(Serial)}");
            await Task.Delay(1000, TestContext.Current.CancellationToken);
        }
        return [.. Second.Split('\n').Select(l => l.TrimEnd('\r'))];
    }

    public async Task<bool> SaysAsync(string word, TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < patience && !Serial.Contains(word, StringComparison.Ordinal))
            await Task.Delay(500, TestContext.Current.CancellationToken);
        return Serial.Contains(word, StringComparison.Ordinal);
    }

    /// <summary>Presses the power button and waits until the machine is off.</summary>
    public async Task PowerOffAsync()
    {
        await MonitorAsync("system_powerdown");
        var watch = Stopwatch.StartNew();
        while (IsRunning && watch.Elapsed < TimeSpan.FromMinutes(5))
            await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.False(IsRunning, $"still on five minutes after the power button:\n{Tail(Serial)}");
        File.Move(Path.Combine(Work, "serial.log"), Path.Combine(Work, $"serial-{DateTime.UtcNow:HHmmss}.log"), overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (IsRunning)
            await MonitorAsync("quit");
        var watch = Stopwatch.StartNew();
        while (IsRunning && watch.Elapsed < TimeSpan.FromSeconds(20))
            await Task.Delay(200);
        File.Delete(Path.Combine(Work, "disk.qcow2"));
    }

    private static string Tail(string text) => string.Join('\n', text.Split('\n').TakeLast(40));

    private bool IsRunning =>
        File.Exists(Path.Combine(Work, "pid")) && int.TryParse(File.ReadAllText(Path.Combine(Work, "pid")), CultureInfo.InvariantCulture, out var id) && Directory.Exists($"/proc/{id}");

    private bool See(System.Security.Cryptography.X509Certificates.X509Certificate? certificate)
    {
        Fingerprint = certificate is null ? "" : certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
        return true;
    }

    private async Task<bool> GreetsAsync()
    {
        using var within = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        within.CancelAfter(s_oneTry);
        try
        {
            // The forwarder takes every connection; only a guest that listens says something to a greeting that is no TLS, if only goodbye.
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", Port, within.Token);
            await client.GetStream().WriteAsync("no TLS at all\r\n\r\n"u8.ToArray(), within.Token);
            return await client.GetStream().ReadAsync(new byte[16], within.Token) >= 0 && File.Exists(Path.Combine(Work, "pid"));
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or SocketException)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            return fault is IOException;
        }
    }

    private async Task<bool> AnswersAsync(string path)
    {
        using var within = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        within.CancelAfter(TimeSpan.FromSeconds(30));
        try
        {
            using var answer = await Http.GetAsync(path, within.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is OperationCanceledException or HttpRequestException)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    private async Task MonitorAsync(string word)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(Work, "monitor")));
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(word + "\n"));
        await Task.Delay(500);
    }

    private string Read(string name)
    {
        var file = Path.Combine(Work, name);
        if (!File.Exists(file))
            return "";
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
