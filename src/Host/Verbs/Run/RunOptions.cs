using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Appliance.Kernel;

namespace Appliance.Host.Verbs.Run;

/// <summary>What <c>cirt run</c> was asked for.</summary>
/// <param name="Data">Absolute path of the data folder.</param>
/// <param name="Listen">Where the console answers; loopback unless said otherwise.</param>
/// <param name="HttpsPort">Of the console.</param>
/// <param name="HttpPort">Plain, on loopback, for this profile only; 0 closes it.</param>
/// <param name="Demo">Put in the sample country and play its case.</param>
/// <param name="Interfaces">Captured besides those chosen in the console.</param>
/// <param name="Database">Connection string of a server to use instead of a private one, or null.</param>
internal sealed record RunOptions(string Data, IPAddress Listen, int HttpsPort, int HttpPort, bool Demo, IReadOnlyList<string> Interfaces, string? Database)
{
    public bool IsOpen => !IPAddress.IsLoopback(Listen);

    public static RunOptions Read(IReadOnlyList<string> words, string? database)
    {
        string? data = null;
        var listen = IPAddress.Loopback;
        var (https, http, demo) = (8443, (int?)null, false);
        List<string> interfaces = [];
        for (var i = 0; i < words.Count; i++)
        {
            string Value() => ++i < words.Count ? words[i] : throw Refuse($"{words[i - 1]} lacks its value.");
            switch (words[i])
            {
                case "--data":
                    data = Path.GetFullPath(Value());
                    break;
                case "--listen":
                    listen = IPAddress.TryParse(Value(), out var address) ? address : throw Refuse($"--listen {words[i]} is not an IP address of this machine, for example 192.0.2.10 or 0.0.0.0.");
                    break;
                case "--port":
                    https = Port(Value());
                    break;
                case "--http-port":
                    http = Value() is "0" ? 0 : Port(words[i]);
                    break;
                case "--interface":
                    interfaces.Add(Value());
                    break;
                case "--demo":
                    demo = true;
                    break;
                default:
                    throw Refuse($"{words[i]} is not an option.");
            }
        }

        if (demo && !string.IsNullOrWhiteSpace(database))
            throw Refuse("--demo brings a database of its own: unset CIRT_DATABASE.");
        if (demo && http == 0)
            throw Refuse("--demo needs the plain port on loopback: leave out --http-port 0.");
        if (demo && http == 0)
            throw Refuse("--demo plays over plain http on loopback, which --http-port 0 closes.");
        return new(data ?? Path.GetFullPath(demo ? Path.Combine("var", "demo") : "var"), listen, https, http ?? (https == 8443 ? 8080 : https == 65535 ? https - 1 : https + 1), demo, interfaces, string.IsNullOrWhiteSpace(database) ? null : database);

        int Port(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? port
            : throw Refuse($"{text} is not a port: take a number from 1 to 65535.");
    }

    /// <summary>Says so before anything is started when a port is taken.</summary>
    public void DemandPorts()
    {
        Demand(Listen, HttpsPort, "--port");
        if (HttpPort > 0)
            Demand(IPAddress.Loopback, HttpPort, "--http-port");
        if (Demo)
        {
            Demand(IPAddress.Loopback, HttpsPort + RunDemo.Apart, "--port");
            Demand(IPAddress.Loopback, HttpPort + RunDemo.Apart, "--http-port");
        }
        if (!Demo)
            return;
        Demand(IPAddress.Loopback, HttpsPort + RunDemo.Apart, "--port");
        Demand(IPAddress.Loopback, HttpPort + RunDemo.Apart, "--http-port");
    }

    private static void Demand(IPAddress address, int port, string option)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException fault)
        {
            throw fault.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => new OperatorFault(
                    $"Port {port} is in use.",
                    $"Another program listens on {new IPEndPoint(address, port)}; ss -ltnp 'sport = :{port}' names it.",
                    $"Stop that program, or choose another port with {option} NUMBER.",
                    fault),
                SocketError.AccessDenied => new OperatorFault(
                    $"Port {port} may not be used.",
                    $"Ports below 1024 are for root: {fault.Message}.",
                    $"Choose a higher port with {option} NUMBER.",
                    fault),
                _ => new OperatorFault(
                    "The address cannot be used.",
                    $"{new IPEndPoint(address, port)}: {fault.Message}. 'ip -brief address' lists the addresses of this machine.",
                    "Give --listen one of them, or leave it out for loopback.",
                    fault),
            };
        }
    }

    private static OperatorFault Refuse(string particulars) => new(
        "The command line is not understood.",
        particulars,
        "cirt run [--data DIRECTORY] [--listen ADDRESS] [--port NUMBER] [--http-port NUMBER] [--interface NAME] [--demo]");
}
