using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Appliance.Kernel.Settings;

namespace Appliance.Kernel.Http;

/// <summary>The one way out by HTTP: http and https only, inside addresses refused after name resolution unless allowed, every redirect checked anew, size and time limited. Thread-safe.</summary>
/// <remarks>Allowed inside addresses: <c>kernel:http:allow</c> in the configuration and the setting <c>http.allow</c>, both lists of networks or host:port.</remarks>
public sealed class OutgoingHttp : IDisposable
{
    /// <summary>The setting that lists further places that may be called.</summary>
    public const string AllowSetting = "http.allow";

    private const int MostRedirects = 5;

    private readonly HttpOptions _options;
    private readonly ISettings _settings;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client;
    private readonly X509Certificate2Collection _authorities = [];
    private volatile AddressPolicy _policy;
    private string[] _allowed = [];

    /// <summary>Made once by the host.</summary>
    public OutgoingHttp(KernelOptions options, ISettings settings, TimeProvider time)
    {
        (_options, _settings, _time, _policy) = (options.Http, settings, time, new AddressPolicy(options.Http));
        if (_options.AuthoritiesFile.Length > 0)
            _authorities.ImportFromPemFile(_options.AuthoritiesFile);
        _client = new HttpMessageInvoker(Handler());
    }

    /// <summary>Sends and follows redirects. Dispose the answer.</summary>
    /// <exception cref="OutgoingRefusedException">The address, the scheme or a redirect is not allowed.</exception>
    /// <exception cref="HttpRequestException">The other side does not answer as HTTP or TLS wants it.</exception>
    /// <exception cref="TimeoutException">It took longer than <paramref name="limits"/> allow.</exception>
    public async Task<OutgoingAnswer> SendAsync(HttpRequestMessage request, OutgoingLimits limits, CancellationToken cancel)
    {
        await RefreshPolicyAsync(cancel);
        var clock = new CancellationTokenSource(limits.Time ?? TimeSpan.FromSeconds(_options.TimeoutSeconds), _time);
        var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, clock.Token);
        try
        {
            var (response, uri) = await FollowAsync(request, limits, both.Token);
            return new OutgoingAnswer(response, uri, limits.Bytes, clock, both, cancel);
        }
        catch (Exception fault)
        {
            var late = clock.IsCancellationRequested && !cancel.IsCancellationRequested;
            both.Dispose();
            clock.Dispose();
            if (late && fault is OperationCanceledException)
                throw new TimeoutException($"{request.RequestUri?.Host} did not answer in time", fault);
            if (fault is HttpRequestException { InnerException: OutgoingRefusedException refused })
                throw refused;
            throw;
        }
    }

    /// <summary>Reads a whole document, at most <see cref="OutgoingLimits.Bytes"/>.</summary>
    public async Task<byte[]> ReadAsync(Uri address, OutgoingLimits limits, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        await using var answer = await SendAsync(request, limits, cancel);
        if (!answer.Response.IsSuccessStatusCode)
            throw new HttpRequestException($"{address.Host} answered {(int)answer.Response.StatusCode}", null, answer.Response.StatusCode);
        return await answer.ReadAllAsync();
    }

    /// <summary>What is wrong with an address that someone enters as a setting, before anything is called; null when it may be tried.</summary>
    public static string? FaultOf(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) ? FaultOf(uri) : "it is not an absolute address";

    /// <summary>True for an address of the public Internet: not private, local, reserved or for documentation, whichever way it is wrapped.</summary>
    public static bool IsPublic(IPAddress address) => !AddressPolicy.IsInside(address);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static string? FaultOf(Uri uri) =>
        uri.Scheme is not ("http" or "https") ? "only http and https are called"
        : uri.UserInfo.Length > 0 ? "it holds a user name; credentials do not belong in an address"
        : uri.Host.Length == 0 ? "it names no host"
        : null;

    private async Task<(HttpResponseMessage Response, Uri Uri)> FollowAsync(HttpRequestMessage request, OutgoingLimits limits, CancellationToken cancel)
    {
        var uri = request.RequestUri ?? throw new ArgumentException("a request needs an address", nameof(request));
        request.Headers.TryAddWithoutValidation("User-Agent", "cirt");
        for (var hops = 0; ; hops++)
        {
            await DemandAsync(uri, cancel);
            var response = await _client.SendAsync(request, cancel);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location || !limits.Redirects)
                return (response, uri);
            response.Dispose();
            var next = location.IsAbsoluteUri ? location : new Uri(uri, location);
            if (hops >= MostRedirects)
                throw new OutgoingRefusedException($"{uri.Host} redirects more than {MostRedirects} times");
            if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
                throw new OutgoingRefusedException($"{uri.Host} redirects a request that changes something");
            if (uri.Scheme == "https" && next.Scheme != "https")
                throw new OutgoingRefusedException($"{uri.Host} redirects from https to {next.Scheme}");
            request = Redirected(request, uri, next);
            uri = next;
        }
    }

    /// <summary>The same question at another place: credentials stay with the place they were meant for.</summary>
    private static HttpRequestMessage Redirected(HttpRequestMessage before, Uri from, Uri to)
    {
        var sameOrigin = from.Scheme == to.Scheme && from.Authority == to.Authority;
        var request = new HttpRequestMessage(before.Method, to) { Version = before.Version, VersionPolicy = before.VersionPolicy };
        foreach (var (name, values) in before.Headers)
            if (sameOrigin || !(name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) || name.StartsWith("X-", StringComparison.OrdinalIgnoreCase)))
                request.Headers.TryAddWithoutValidation(name, values);
        return request;
    }

    /// <summary>Behind a proxy the target is resolved by the proxy; what we can resolve ourselves is judged here, and literal addresses always.</summary>
    private async Task DemandAsync(Uri uri, CancellationToken cancel)
    {
        if (FaultOf(uri) is { } fault)
            throw new OutgoingRefusedException($"{uri.GetLeftPart(UriPartial.Authority)} is not called: {fault}");
        if (_options.Proxy.Length == 0)
            return;
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(uri.IdnHost.Trim('[', ']'), cancel);
        }
        catch (SocketException)
        {
            // Only the proxy knows the name.
            return;
        }
        if (addresses.FirstOrDefault(a => !_policy.Allows(uri.IdnHost.Trim('[', ']'), a, uri.Port)) is { } inside)
            throw Inside(uri.Host, inside);
    }

    private SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = _options.Proxy.Length > 0,
        Proxy = _options.Proxy.Length > 0 ? new WebProxy(_options.Proxy) : null,
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        MaxConnectionsPerServer = 8,
        MaxResponseHeadersLength = 64,
        ConnectCallback = ConnectAsync,
        SslOptions = { RemoteCertificateValidationCallback = Trusts },
    };

    /// <summary>Resolves and dials in one step: what was judged is what is called, so a name that changes between two look-ups gains nothing.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var (host, port) = (context.DnsEndPoint.Host.Trim('[', ']'), context.DnsEndPoint.Port);
        var addresses = await Dns.GetHostAddressesAsync(host, cancel);
        var allowed = addresses.Where(a => _policy.Allows(host, a, port)).ToArray();
        if (allowed.Length == 0)
            throw addresses.Length == 0 ? new OutgoingRefusedException($"{host} has no address") : Inside(host, addresses[0]);
        Exception? last = null;
        foreach (var address in allowed)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                cancel.ThrowIfCancellationRequested();
                last = fault;
            }
        }
        throw last!;
    }

    private bool Trusts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (_authorities.Count == 0 || errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf)
            return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (chain is not null)
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainElements.Select(e => e.Certificate).ToArray());
        return own.Build(leaf);
    }

    private async ValueTask RefreshPolicyAsync(CancellationToken cancel)
    {
        var allowed = await _settings.FindAsync<string[]>(AllowSetting, cancel) ?? [];
        if (allowed.AsSpan().SequenceEqual(_allowed))
            return;
        _policy = new AddressPolicy(_options with { Allow = [.. _options.Allow, .. allowed] });
        _allowed = allowed;
    }

    private static OutgoingRefusedException Inside(string host, IPAddress address) =>
        new($"{host} leads to {address}, which is not on the public Internet; an administrator can allow it under http.allow");
}

/// <summary>How long and how much.</summary>
/// <param name="Bytes">Largest body, after decompression.</param>
/// <param name="Time">For all of it, redirects and body included; null for the configured time.</param>
/// <param name="Redirects">False to get a redirect as the answer.</param>
public sealed record OutgoingLimits(long Bytes, TimeSpan? Time = null, bool Redirects = true)
{
    /// <summary>A feed or an API document: 32 MiB.</summary>
    public static OutgoingLimits Document { get; } = new(32 * 1024 * 1024);
}

/// <summary>The address policy refused; the message names host and reason for the operator.</summary>
public sealed class OutgoingRefusedException(string message) : HttpRequestException(message);

/// <summary>The body is larger than allowed.</summary>
public sealed class OutgoingTooLargeException(string message) : HttpRequestException(message);
