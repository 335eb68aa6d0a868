using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Appliance.Bench;

/// <summary>Suricata's command socket: JSON objects in turn, captures replayed one after the other in one process.</summary>
internal sealed class PeerSocket : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _answer = new byte[1 << 16];

    private PeerSocket()
    {
    }

    /// <summary>Waits until the process has loaded its rules and listens.</summary>
    /// <exception cref="IOException">It ended before.</exception>
    public static async Task<PeerSocket> ConnectAsync(string path, Process process)
    {
        var talk = new PeerSocket();
        while (!talk._socket.Connected)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"the peer ended with {process.ExitCode} before it listened");
            await Task.Delay(s_look);
            try
            {
                if (File.Exists(path))
                    await talk._socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            }
            catch (SocketException)
            {
                // bound, but not listening yet: the next look will tell
                await Task.Delay(s_look);
            }
        }

        await talk.SendAsync(new Dictionary<string, object> { ["version"] = "0.2" });
        return talk;
    }

    /// <summary>One command without arguments; its answer's message.</summary>
    public Task<string> AskAsync(string command) => SendAsync(new Dictionary<string, object> { ["command"] = command });

    /// <summary>Replays a capture and waits for its end.</summary>
    public async Task ReplayAsync(string capture, string into)
    {
        await SendAsync(new Dictionary<string, object>
        {
            ["command"] = "pcap-file",
            ["arguments"] = new Dictionary<string, string> { ["filename"] = capture, ["output-dir"] = into },
        });
        while (await AskAsync("pcap-file-number") != "0" || await AskAsync("pcap-current") is not ("None" or "\"None\"" or ""))
            await Task.Delay(s_look);
    }

    public void Dispose() => _socket.Dispose();

    private async Task<string> SendAsync(Dictionary<string, object> what)
    {
        try
        {
            await _socket.SendAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(what) + "\n"));
            int filled = 0;
            while (filled < _answer.Length)
            {
                int got = await _socket.ReceiveAsync(_answer.AsMemory(filled));
                if (got == 0)
                    throw new IOException("the peer closed its socket");
                filled += got;
                // its answers are short objects, some followed by a new line
                if (_answer[filled - 1] is (byte)'\n' or (byte)'}')
                    break;
            }

            using JsonDocument json = JsonDocument.Parse(_answer.AsMemory(0, filled));
            return json.RootElement.TryGetProperty("message", out JsonElement message) ? message.ToString() : "";
        }
        catch (SocketException e)
        {
            throw new IOException("the peer's socket broke", e);
        }
    }
}
