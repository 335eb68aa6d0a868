namespace Appliance.Kernel.Mail.Parse;

/// <summary>Who writes abuse notices by machine, known by the domain they write from. A name here orders the queue; it proves nothing, since From can be forged.</summary>
internal static class Notifiers
{
    private static readonly (string Domain, string Name)[] s_domains =
    [
        ("abusehub.nl", "abusehub"), ("blocklist.de", "blocklistde"), ("clean-mx.de", "cleanmx"), ("clean-mx.com", "cleanmx"), ("copyright-compliance.com", "copyrightcompliance"), ("cyscon.de", "cyscon"), ("cyscon.net", "cyscon"),
        ("ip-echelon.com", "ip-echelon"), ("netcraft.com", "netcraft"), ("projecthoneypot.org", "projecthoneypot"), ("shadowserver.org", "shadowserver"), ("webiron.com", "webiron"), ("abuse-reporting.webiron.com", "webiron"),
        ("spamcop.net", "spamcop"), ("spamexperts.com", "spamexperts"), ("spamhaus.org", "spamhaus"), ("abuse.ch", "abusech"), ("bitninja.io", "bitninja"), ("bitninja.com", "bitninja"), ("fail2ban.org", "fail2ban"),
        ("junkemailfilter.com", "junkemailfilter"), ("markmonitor.com", "markmonitor"), ("cogentco.com", "cogent"), ("certat.at", "certat"), ("cert.at", "certat"), ("cert-bund.de", "certbund"), ("reports.cert-bund.de", "certbund"),
        ("n6.cert.pl", "n6"), ("cert.pl", "certpl"), ("phishlabs.com", "phishlabs"), ("opsectakedown.com", "opsec"), ("irdeto.com", "irdeto"), ("copyright.com", "copyright"), ("riaa.com", "riaa"), ("mpaa.org", "mpaa"),
        ("abuseradar.com", "abuseradar"), ("fraudwatch.com", "fraudwatch"), ("usgoabuse.net", "usgoabuse"), ("woody.ch", "woody"), ("valli.org", "valli"), ("acns.net", "acns"), ("ebay-kleinanzeigen.de", "ebay"), ("registrarmail.net", "registrarmail"),
    ];

    private static readonly (string Sender, string Name)[] s_senders =
    [
        ("noreply@google.com", "google"), ("noreply-safebrowsing@google.com", "google"), ("safebrowsing@google.com", "google"), ("scomp@aol.net", "feedback-loop"), ("staff@hotmail.com", "feedback-loop"),
    ];

    /// <summary>The name of the notifier, or null.</summary>
    public static string? Of(string sender, string subject, FeedbackFields? feedback)
    {
        var address = sender.ToLowerInvariant();
        var domain = address[(address.LastIndexOf('@') + 1)..];
        foreach (var (known, name) in s_senders)
            if (address == known && (name != "google" || subject.Contains("Safe Browsing", StringComparison.OrdinalIgnoreCase)))
                return name;
        foreach (var (known, name) in s_domains)
            if (domain == known || domain.EndsWith("." + known, StringComparison.Ordinal))
                return name;
        if (feedback is null)
            return domain.Contains("webiron", StringComparison.Ordinal) ? "webiron" : null;
        // One product signs the reports that its installations write from names of their own.
        return (feedback.UserAgent ?? "").Contains("spamexperts", StringComparison.OrdinalIgnoreCase) ? "spamexperts" : "feedback-loop";
    }
}
