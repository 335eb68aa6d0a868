using System.Net;
using System.Net.Sockets;
using System.Text;
using Appliance.Kernel.Http;
using Appliance.Kernel.Settings;
using Xunit;

namespace Appliance.Kernel.Tests.Http;

public sealed class OutgoingHttpTests : IAsyncLifetime
{
    private readonly Listener _listener = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> InsideSpellings() =>
    [
        "http://127.0.0.1:PORT/", "http://127.1:PORT/", "http://127.0.1:PORT/", "http://2130706433:PORT/", "http://0x7f000001:PORT/", "http://0x7f.0.0.1:PORT/",
        "http://0177.0.0.1:PORT/", "http://017700000001:PORT/", "http://0x7f.1:PORT/", "http://127.0.0.255:PORT/", "http://127.255.255.254:PORT/", "http://0.0.0.0:PORT/", "http://0:PORT/",
        "http://localhost:PORT/", "http://LOCALHOST:PORT/", "http://localhost.:PORT/", "http://ip6-localhost:PORT/", "http://%6c%6f%63%61%6c%68%6f%73%74:PORT/",
        "http://１２７.0.0.1:PORT/", "http://127。0。0。1:PORT/", "http://①②⑦.0.0.1:PORT/", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/",
        "http://[::1]:PORT/", "http://[0:0:0:0:0:0:0:1]:PORT/", "http://[::]:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://[::ffff:7f00:1]:PORT/", "http://[::127.0.0.1]:PORT/",
        "http://[64:ff9b::127.0.0.1]:PORT/", "http://[64:ff9b::7f00:1]:PORT/", "http://[64:ff9b:1::1]:PORT/", "http://[2002:7f00:1::]:PORT/", "http://[2002:a00:1::1]:PORT/", "http://[fe80::5efe:127.0.0.1]:PORT/",
        "http://[2001:0:7f00:1::1]:PORT/", "http://[fe80::1]:PORT/", "http://[fe80::1%25lo]:PORT/", "http://[fc00::1]:PORT/", "http://[fd12:3456:789a::1]:PORT/", "http://[fec0::1]:PORT/", "http://[ff02::1]:PORT/", "http://[2001:db8::1]:PORT/", "http://[100::1]:PORT/",
        "http://10.0.0.1:PORT/", "http://10.255.255.255:PORT/", "http://172.16.0.1:PORT/", "http://172.31.255.255:PORT/", "http://192.168.1.1:PORT/", "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1:PORT/", "http://192.0.0.1:PORT/",
        "http://198.18.0.1:PORT/", "http://224.0.0.1:PORT/", "http://255.255.255.255:PORT/", "http://240.0.0.1:PORT/", "http://192.0.2.1:PORT/",
        "http://public.example@127.0.0.1:PORT/", "http://127.0.0.1:PORT@public.example/", "http://user:secret@127.0.0.1:PORT/",
        "ftp://127.0.0.1:PORT/", "file:///etc/passwd", "gopher://127.0.0.1:PORT/", "data:text/plain,x", "https://127.0.0.1:PORT/", "https://[::1]:PORT/",
    ];

    public ValueTask InitializeAsync()
    {
        _listener.Start();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    [Theory]
    [MemberData(nameof(InsideSpellings))]
    public async Task Inside_address_is_refused_however_it_is_spelled(string spelling)
    {
        using var http = Make();
        var text = spelling.Replace("PORT", _listener.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri))
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.ReadAsync(uri, OutgoingLimits.Document, Cancel));
        Assert.Equal(0, _listener.Accepted);
    }

    [Theory]
    [InlineData("93.184.215.14")]
    [InlineData("8.8.8.8")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::808:808")]
    [InlineData("::ffff:8.8.8.8")]
    public void Public_address_is_not_inside(string address) => Assert.False(AddressPolicy.IsInside(IPAddress.Parse(address)));

    [Fact]
    public async Task Allowed_place_answers()
    {
        using var http = Make($"127.0.0.1:{_listener.Port}");
        Assert.Equal("hello", Encoding.ASCII.GetString(await http.ReadAsync(At("/"), OutgoingLimits.Document, Cancel)));
    }

    [Theory]
    [InlineData("127.0.0.0/8")]
    [InlineData("localhost:PORT")]
    public async Task Network_or_name_can_be_allowed(string allow)
    {
        using var http = Make(allow.Replace("PORT", _listener.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
        Assert.Equal(5, (await http.ReadAsync(new Uri($"http://localhost:{_listener.Port}/"), OutgoingLimits.Document, Cancel)).Length);
    }

    [Fact]
    public async Task Setting_allows_a_place_while_the_host_runs()
    {
        var settings = new FixedSettings();
        using var http = new OutgoingHttp(new KernelOptions(), settings, TimeProvider.System);
        await Assert.ThrowsAsync<OutgoingRefusedException>(() => http.ReadAsync(At("/"), OutgoingLimits.Document, Cancel));
        settings.Allow = [$"127.0.0.1:{_listener.Port}"];
        Assert.Equal(5, (await http.ReadAsync(At("/"), OutgoingLimits.Document, Cancel)).Length);
    }

    [Fact]
    public async Task Redirect_to_another_inside_place_is_refused()
    {
        using var http = Make($"127.0.0.1:{_listener.Port}");
        _listener.Reply = _ => "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n";
        await Assert.ThrowsAsync<OutgoingRefusedException>(() => http.ReadAsync(At("/"), OutgoingLimits.Document, Cancel));
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/")]
    public async Task Redirect_to_another_scheme_is_refused(string target)
    {
        using var http = Make("127.0.0.0/8");
        _listener.Reply = _ => $"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n";
        await Assert.ThrowsAsync<OutgoingRefusedException>(() => http.ReadAsync(At("/"), OutgoingLimits.Document, Cancel));
    }

    [Fact]
    public async Task Endless_redirects_end()
    {
        using var http = Make("127.0.0.0/8");
        _listener.Reply = _ => "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
        await Assert.ThrowsAsync<OutgoingRefusedException>(() => http.ReadAsync(At("/"), OutgoingLimits.Document, Cancel));
        Assert.Equal(6, _listener.Requests.Count);
    }

    [Fact]
    public async Task Credentials_stay_with_the_origin_they_were_meant_for()
    {
        await using var other = new Listener();
        other.Start();
        using var http = Make("127.0.0.0/8");
        _listener.Reply = r => r.StartsWith("GET /same", StringComparison.Ordinal)
            ? $"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{other.Port}/other\r\nContent-Length: 0\r\n\r\n"
            : "HTTP/1.1 302 Found\r\nLocation: /same\r\nContent-Length: 0\r\n\r\n";
        using var request = new HttpRequestMessage(HttpMethod.Get, At("/"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer canary");
        await using (await http.SendAsync(request, OutgoingLimits.Document, Cancel))
        {
        }
        Assert.All(_listener.Requests, r => Assert.Contains("Bearer canary", r, StringComparison.Ordinal));
        Assert.DoesNotContain("canary", Assert.Single(other.Requests), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\nx")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nENDLESS")]
    public async Task Body_beyond_the_limit_is_cut(string reply)
    {
        using var http = Make("127.0.0.0/8");
        _listener.Reply = _ => reply.Replace("ENDLESS", new string('x', 300_000), StringComparison.Ordinal);
        await Assert.ThrowsAsync<OutgoingTooLargeException>(() => http.ReadAsync(At("/"), new OutgoingLimits(100_000), Cancel));
    }

    [Fact]
    public async Task Silence_ends_with_the_time_limit()
    {
        using var http = Make("127.0.0.0/8");
        _listener.Reply = _ => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
        _listener.KeepOpen = true;
        await Assert.ThrowsAsync<TimeoutException>(() => http.ReadAsync(At("/"), new OutgoingLimits(1000, TimeSpan.FromMilliseconds(400)), Cancel));
    }

    [Theory]
    [InlineData("10.0.0.0/8", true)]
    [InlineData("hub.example:443", true)]
    [InlineData("[2001:db8::1]:8443", true)]
    [InlineData("hub.example", false)]
    [InlineData("10.0.0.0/99", false)]
    [InlineData("http://hub.example:443", false)]
    public void Configuration_names_what_it_cannot_read(string entry, bool good) =>
        Assert.Equal(good, !AddressPolicy.Faults(new HttpOptions { Allow = [entry] }).Any());

    private static OutgoingHttp Make(params string[] allow) => new(new KernelOptions { Http = new HttpOptions { Allow = allow, TimeoutSeconds = 10 } }, new FixedSettings(), TimeProvider.System);

    private Uri At(string path) => new($"http://127.0.0.1:{_listener.Port}{path}");

    private sealed class FixedSettings : ISettings
    {
        public string[]? Allow { get; set; }

        public ValueTask<T?> FindAsync<T>(string key, CancellationToken cancel) => new((T?)(object?)(key == OutgoingHttp.AllowSetting ? Allow : null));

        public ValueTask<IReadOnlyDictionary<string, string>> AllAsync(CancellationToken cancel) => new(new Dictionary<string, string>());
    }

    /// <summary>A plain server on every address of this machine, so that any spelling that gets through is seen.</summary>
    private sealed class Listener : IAsyncDisposable
    {
        private readonly TcpListener _tcp = TcpListener.Create(0);
        private readonly CancellationTokenSource _stop = new();
        private Task _loop = Task.CompletedTask;

        public int Port => ((IPEndPoint)_tcp.LocalEndpoint).Port;

        public int Accepted { get; private set; }

        public bool KeepOpen { get; set; }

        public List<string> Requests { get; } = [];

        public Func<string, string> Reply { get; set; } = _ => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

        public void Start()
        {
            _tcp.Start();
            _loop = LoopAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _tcp.Stop();
            await _loop;
            _stop.Dispose();
        }

        private async Task LoopAsync()
        {
            while (!_stop.IsCancellationRequested)
                try
                {
                    var client = await _tcp.AcceptTcpClientAsync(_stop.Token);
                    Accepted++;
                    _ = ServeAsync(client);
                }
                catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
                {
                    return;
                }
        }

        private async Task ServeAsync(TcpClient client)
        {
            using (client)
                try
                {
                    var buffer = new byte[8192];
                    var stream = client.GetStream();
                    var read = await stream.ReadAsync(buffer, _stop.Token);
                    var request = Encoding.ASCII.GetString(buffer, 0, read);
                    lock (Requests)
                        Requests.Add(request);
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(Reply(request)), _stop.Token);
                    if (KeepOpen)
                        await Task.Delay(Timeout.Infinite, _stop.Token);
                }
                catch (Exception fault) when (fault is IOException or OperationCanceledException or SocketException)
                {
                    return;
                }
        }
    }
}
