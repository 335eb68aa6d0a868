using System.Globalization;
using System.Text;

namespace Appliance.Kernel.Site;

/// <summary>The mail server of the machine (OpenSMTPD): what it takes in goes to the host's maildir, what the host sends goes on. smtpd.conf(5).</summary>
internal static class SiteMail
{
    /// <summary>Where mail for the team is laid down, and the host takes it from.</summary>
    private const string Maildir = "/var/lib/cirt-mail/in";

    /// <summary>The server's rules. It relays for nobody but the machine itself.</summary>
    public static string Server(SiteSettings site)
    {
        var name = site.HostName.Length > 0 ? site.HostName : "cirt";
        var text = new StringBuilder(
            $$"""
            pki cirt cert "/var/lib/cirt-mail/tls.crt"
            pki cirt key "/var/lib/cirt-mail/tls.key"
            queue ttl 3d
            smtp max-message-size "25M"
            listen on 127.0.0.1 port 2525 tag "own"

            """);
        if (site.MailFor.Count > 0)
            text.Append(
                CultureInfo.InvariantCulture,
                $$"""
                listen on 0.0.0.0 port 25 tls pki cirt hostname "{{name}}"
                listen on :: port 25 tls pki cirt hostname "{{name}}"
                table wanted { {{string.Join(", ", site.MailFor.Select(m => $"\"{(m.Contains('@', StringComparison.Ordinal) ? m : "@" + m)}\""))}} }
                table everyone { "@" = "cirt" }
                action "in" maildir "{{Maildir}}" virtual <everyone>
                match from any for any rcpt-to <wanted> action "in"

                """);
        var relay = site.MailRelay.Length > 0 ? $" host \"smtp://{site.MailRelay}\"" : "";
        return text.Append(CultureInfo.InvariantCulture, $"action \"out\" relay{relay} helo \"{name}\"\nmatch tag \"own\" from local for any action \"out\"\n").ToString();
    }

    /// <summary>What the host is told of it: it hands over by loopback, since this server's sendmail wants set-id rights, which nothing below the host may take. Settings of its own in <c>config.json</c> do not count on a machine that has a mail server.</summary>
    public static string Environment(SiteSettings site) =>
        (site.MailFor.Count > 0 ? $"CIRT_kernel__mail__maildir={Maildir}\n" : "") + "CIRT_kernel__mail__sendmail=\"/usr/bin/smtp -F {sender} -s smtp+notls://127.0.0.1:2525\"\n";

    /// <summary>A domain, or one address, of signs that can stand in the server's file as they are.</summary>
    public static bool IsWanted(string text) =>
        text.LastIndexOf('@') is var at && SiteSettings.IsName(text[(at + 1)..]) && (at < 0 || (at is > 0 and <= 64 && text[..at].Split('.').All(word => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '+' or '-'))));
}
