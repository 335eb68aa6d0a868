using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Appliance.Contracts;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Lookups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>A name server that lies in every way that a name server can: what it says ends as a few bounded facts or as a failed question, and the worker goes on with the next.</summary>
public sealed class HostileDnsTests : IAsyncLifetime
{
    private const ushort A = 1, Cname = 5, Mx = 15;

    private readonly Dictionary<string, Func<Question, byte[]?>> _lies = [];
    private readonly ConcurrentQueue<string> _asked = [];
    private readonly CancellationTokenSource _gone = new();
    private UdpClient _udp = null!;
    private TcpListener _tcp = null!;
    private TcpListener _bait = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_udp.Client.LocalEndPoint!).Port;

    public ValueTask InitializeAsync()
    {
        while (true)
        {
            _udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
            _tcp = new TcpListener(IPAddress.Loopback, Port);
            try
            {
                _tcp.Start();
                break;
            }
            catch (SocketException)
            {
                // The other protocol's port of that number is somebody's: take another.
                _udp.Dispose();
            }
        }
        _bait = new TcpListener(IPAddress.Loopback, 0);
        _bait.Start();
        _ = UdpAsync();
        _ = TcpAsync();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        _bait.Dispose();
        _gone.Dispose();
    }

    [Fact]
    public async Task Lies_of_a_name_server_end_as_bounded_facts_or_a_failed_question()
    {
        _lies["loop"] = q => q.Type == A ? q.Answer(q.Record("loop.evil-shop.net", Cname, Name("back.evil-shop.net")), q.Record("back.evil-shop.net", Cname, Name("loop.evil-shop.net")), q.Record("loop.evil-shop.net", Cname, Name("loop.evil-shop.net"))) : q.Answer();
        _lies["long"] = q => q.Answer([.. Enumerable.Range(0, 200).Select(i => q.Record(i == 0 ? "long.evil-shop.net" : $"c{i}.evil-shop.net", Cname, Name($"c{i + 1}.evil-shop.net")))]);
        // Cut over UDP, and as many as a message can hold over TCP.
        _lies["huge"] = q => !q.Tcp ? q.Cut() : q.Type == A ? q.Answer([.. Enumerable.Range(0, 4000).Select(i => q.Own(A, [45, 84, (byte)(i >> 8), (byte)i]))]) : q.Answer();
        _lies["wrongid"] = q => q.Answer(q.Own(A, [45, 84, 1, 1]), id: (ushort)(q.Id + 1));
        _lies["short"] = q => q.Answer(q.Own(A, [45, 84, 1, 1]))[..^3];
        _lies["header"] = q => q.Answer(q.Own(A, [45, 84, 1, 1]))[..7];
        _lies["itself"] = q => q.Answer([0xC0, (byte)q.Length, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 45, 84, 1, 1]);
        _lies["beyond"] = q => q.Answer([0xFF, 0xFF, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 45, 84, 1, 1]);
        _lies["counts"] = q => q.Answer(q.Own(A, [45, 84, 1, 1]), answers: 65535);
        _lies["sizes"] = q => q.Answer(q.Own(A, [45, 84, 1, 1], length: 65535));
        _lies["noise"] = _ => [.. Enumerable.Range(0, 300).Select(i => (byte)(i * 37))];
        _lies["private"] = q => q.Type == A ? q.Answer(q.Own(A, [127, 0, 0, 1]), q.Own(A, [10, 0, 0, 1]), q.Own(A, [169, 254, 169, 254])) : q.Answer();
        _lies["stranger"] = q => q.Type == A ? q.Answer(q.Record("www.ministry.example.org", A, [45, 84, 9, 9]), q.Own(A, [45, 84, 1, 1])) : q.Answer();
        _lies["script"] = q => q.Type == Mx ? q.Answer(q.Own(Mx, [0, 10, .. Name("<script>alert(1)</script>.evil\u0001.net")])) : q.Answer();
        _lies["refused"] = q => q.Answer([], code: 5);

        await using var desk = await TicketingDesk.StartAsync(new Dictionary<string, string?> { ["ticketing:lookups:resolvers:0"] = $"127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}" });
        var names = _lies.Keys.ToDictionary(k => k, k => $"{k}.evil-shop.net");
        var incident = await desk.OpenAsync(new IncidentFields { Title = "green", Marking = Marking.Default with { Pap = Pap.Green } }, [.. names.Values.Select(n => new Observable("domain", n))]);
        foreach (var name in names.Values)
            Assert.Equal(1, (await desk.Get<AskLookup>().RunAsync(desk.Analyst, new(incident.Id, "domain", name, "dns"), Cancel)).Value);
        // One step a question; a failed one waits for its next try.
        var worker = ActivatorUtilities.CreateInstance<LookupWorker>(desk.Modules.Services, NullLogger<LookupWorker>.Instance);
        for (var steps = 0; await worker.StepAsync(Cancel); steps++)
            Assert.InRange(steps, 0, names.Count);

        var lines = (await desk.Get<ShowLookups>().RunAsync(desk.Analyst, incident.Number, Cancel)).Value.Traces.ToDictionary(t => t.Value.Split('.')[0], t => t.Asked.Single());
        Assert.Equal(_lies.Keys.Order(StringComparer.Ordinal), lines.Keys.Order(StringComparer.Ordinal));
        string Facts(string which) => string.Join(' ', lines[which].Facts.Select(f => $"{f.Key}={f.Value}"));
        Assert.Equal("cname=back.evil-shop.net cname=loop.evil-shop.net", Facts("loop"));
        Assert.Equal(8, lines["long"].Facts.Count);
        Assert.Equal(8, lines["huge"].Facts.Count);
        Assert.Equal("a=127.0.0.1 a=10.0.0.1 a=169.254.169.254", Facts("private"));
        Assert.Equal("a=45.84.1.1", Facts("stranger"));
        Assert.DoesNotContain(lines["script"].Facts, f => f.Value.Any(char.IsControl));
        foreach (var broken in new[] { "wrongid", "short", "header", "itself", "beyond", "counts", "sizes", "noise", "refused" })
        {
            Assert.True(lines[broken].State is "queued" or "failed", $"{broken}: {lines[broken].State} {Facts(broken)}");
            Assert.Empty(lines[broken].Facts);
        }
        // Nothing that it named was dialled, and only what was asked about was asked.
        Assert.False(_bait.Pending());
        Assert.All(_asked, name => Assert.EndsWith(".evil-shop.net", name, StringComparison.Ordinal));
    }

    private async Task UdpAsync()
    {
        while (!_gone.IsCancellationRequested)
        {
            try
            {
                var got = await _udp.ReceiveAsync(_gone.Token);
                if (Lie(got.Buffer, tcp: false) is { } answer)
                    await _udp.SendAsync(answer, got.RemoteEndPoint, _gone.Token);
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // The test is over, or whoever asked is gone.
                _asked.TryPeek(out _);
            }
        }
    }

    private async Task TcpAsync()
    {
        while (!_gone.IsCancellationRequested)
        {
            try
            {
                using var client = await _tcp.AcceptTcpClientAsync(_gone.Token);
                var stream = client.GetStream();
                var length = new byte[2];
                while (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, _gone.Token) == 2)
                {
                    var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                    await stream.ReadExactlyAsync(query, _gone.Token);
                    if (Lie(query, tcp: true) is not { } answer)
                        continue;
                    BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
                    await stream.WriteAsync(length, _gone.Token);
                    await stream.WriteAsync(answer, _gone.Token);
                }
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException or SocketException or IOException)
            {
                // The test is over, or whoever asked is gone.
                _asked.TryPeek(out _);
            }
        }
    }

    private byte[]? Lie(byte[] query, bool tcp)
    {
        var question = Question.Read(query, tcp);
        _asked.Enqueue(question.Name);
        return _lies.GetValueOrDefault(question.Name.Split('.')[0])?.Invoke(question);
    }

    private static byte[] Name(string name) => [.. name.Split('.').SelectMany(l => new[] { (byte)Encoding.Latin1.GetByteCount(l) }.Concat(Encoding.Latin1.GetBytes(l))), 0];

    /// <summary>A question, and the answers that can be made of it.</summary>
    private sealed record Question(byte[] Bytes, string Name, ushort Type, bool Tcp)
    {
        public ushort Id => BinaryPrimitives.ReadUInt16BigEndian(Bytes);

        public int Length => Bytes.Length;

        public static Question Read(byte[] query, bool tcp)
        {
            var (at, labels) = (12, new List<string>());
            while (query[at] > 0)
            {
                labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
                at += query[at] + 1;
            }
            return new([.. query.AsSpan(0, at + 5)], string.Join('.', labels).ToLowerInvariant(), BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(at + 1)), tcp);
        }

        public byte[] Own(ushort type, byte[] data, int? length = null) => [0xC0, 12, .. Rest(type, data, length)];

        public byte[] Record(string owner, ushort type, byte[] data) => [.. HostileDnsTests.Name(owner), .. Rest(type, data, null)];

        public byte[] Answer(params byte[][] records) => Whole(records, Id, records.Length, 0, false);

        public byte[] Answer(byte[] record, ushort? id = null, int? answers = null, int code = 0) => Whole([record], id ?? Id, answers ?? (record.Length > 0 ? 1 : 0), code, false);

        public byte[] Cut() => Whole([], Id, 0, 0, true);

        private byte[] Whole(byte[][] records, ushort id, int answers, int code, bool cut) =>
            [(byte)(id >> 8), (byte)id, (byte)(0x81 | (cut ? 2 : 0)), (byte)(0x80 | code), 0, 1, (byte)(answers >> 8), (byte)answers, 0, 0, 0, 0, .. Bytes.AsSpan(12), .. records.SelectMany(r => r)];

        private static byte[] Rest(ushort type, byte[] data, int? length) => [(byte)(type >> 8), (byte)type, 0, 1, 0, 0, 0, 60, (byte)((length ?? data.Length) >> 8), (byte)(length ?? data.Length), .. data];
    }
}
