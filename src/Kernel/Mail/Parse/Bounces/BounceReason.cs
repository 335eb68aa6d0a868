using System.Text.RegularExpressions;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>What a mail server's words mean: the enhanced status code (RFC 3463) where it says something, else the words that servers use.</summary>
internal static class BounceReason
{
    private static readonly (string Reason, string[] Words)[] s_words =
    [
        ("delivered", ["action: delivered", "successfully delivered", "delivery report that you requested"]),
        ("moved", ["has moved", "user has moved", "address has changed", "no longer at this address", "please try <", "account has been replaced", "recipient has moved", "mailbox moved", "has been replaced by"]),
        ("mailbox-full",
            ["mailbox full", "mailbox is full", "over quota", "quota exceeded", "exceeded storage", "mailfolder is full", "disk quota", "mailbox exceeds", "out of storage", "insufficient space", "too much mail", "mailbox has exceeded",
             "maildir over quota", "overquota", "storage quota", "exceeded his/her quota", "mailbox size limit", "full mailbox", "inbox is full", "exceeded the local limit", "quota violation", "not enough space", "mailbox limit", "is over quota", "not enough storage"]),
        ("too-large", ["message size exceeds", "message too large", "size limit exceeded", "message too big", "exceeds maximum", "exceeded maximum", "message length exceeds", "message exceeds fixed", "mail size limit", "exceeds administrative limit"]),
        ("loop", ["too many hops", "hop count exceeded", "mail loop", "loops back to myself", "routing loop", "too many received"]),
        ("policy",
            ["spf", "dmarc", "dkim", "does not pass domainkeys", "authentication required", "relaying", "relay access", "unable to relay", "not relay", "after mail from", "in reply to mail from", "access denied", "blocked", "blacklist", "blocklist", "block list", "spamhaus", "reputation", "spam", "virus", "content rejected", "policy",
             "reverse dns", "ptr record", "not authorized", "not permitted", "sender rejected", "sender address rejected", "administratively prohibited", "unauthenticated", "message content", "rejected due to", "junk", "too many connections",
             "rate limit", "greylist", "try again later", "client host", "bad sender", "sender was rejected", "message rejected", "you are not allowed"]),
        ("disabled", ["account is disabled", "account disabled", "mailbox disabled", "account has been disabled", "account inactive", "mailbox is inactive", "suspended", "account that you tried to reach is disabled", "recipient suspend", "mailbox frozen", "inactive user", "account is locked", "temporarily disabled"]),
        ("host-unknown",
            ["host unknown", "unknown host", "host not found", "domain not found", "name or service not known", "no such domain", "nxdomain", "unrouteable", "unroutable", "domain does not exist", "invalid domain", "unknown domain",
             "name service error for", "domain name not found", "does not have a mail exchanger", "illegal host/domain", "no such host", "domain must exist", "recipient domain must", "could not find a gateway", "bad destination host",
             "no mail exchanger", "domain is not reachable", "all relevant mx records point to non-existent hosts", "couldn't find any host", "dns name does not exist", "no route for current request", "domain mentioned in email address is unknown"]),
        ("refuses-mail", ["nullmx", "null mx", "does not accept mail", "do not accept mail", "does not accept any mail", "mx points to null", "find a mail exchanger", "no mx record", "doesn't receive email", "not accepting mail", "smtp protocol returned a permanent error: smtp;556", "recipient address has null mx"]),
        ("user-unknown",
            ["user unknown", "unknown user", "no such user", "no mailbox here", "user doesn't exist", "address does not exist", "user does not exist", "unknown recipient", "recipient unknown", "invalid recipient", "mailbox not found", "recipient not found", "not listed in",
             "unknown address", "no such address", "no such recipient", "invalid mailbox", "mailbox does not exist", "this user doesn't have", "no account by that name", "unknown local", "no such mailbox", "not a valid mailbox", "recipient name is not recognized",
             "unknown or illegal alias", "address unknown", "address is unknown", "not a known user", "is not a known user", "does not exist here", "doesn't have an account", "account does not exist", "not our customer", "destination addresses were unknown", "undeliverable address",
             "no local mailbox", "recipient does not exist", "bad address", "invalid user", "invalid address", "address invalid", "user not found", "not found in directory", "no matches to nameserver query", "unknown to address", "mailbox name not allowed", "not found in", "who does not exist",
             "recipient address rejected: unknown", "address error", "user not known", "account not found", "no valid recipients", "that email account does not exist", "that you tried to reach does not exist", "this address no longer accepts mail", "delivery to the following recipient failed permanently: 550",
             "domain or user", "recipient not in", "not a valid user", "email address could not be found", "couldn't be found", "wasn't found at", "recipientnotfound", "unknown account", "mailbox unavailable or access denied", "user (", "addressee unknown", "user not exist", "does not exist on", "宛先不明", "リストにありません", "存在しません", "メールアドレスが見つからない",  "destination mailbox address status", "name not found"]),
        ("network", ["connection timed out", "connection refused", "could not connect", "network error", "no route to host", "connection reset", "lost connection", "connection dropped", "unable to connect", "cannot connect", "host is unreachable", "no smtp connection got far", "socket error", "timeout", "server did not accept our requests to connect"]),
        ("expired", ["delayed", "deferred", "retry timeout exceeded", "retry time not reached", "message expired", "delivery time expired", "delivery attempts", "cannot send message for", "not yet been delivered", "in the queue too long", "was aborted after", "delivery expired", "queue for too long", "expired"]),
        ("system", ["system error", "disk full", "disk space", "input/output error", "resources", "mail system configuration", "local configuration error", "service unavailable", "no space left"]),
        // Servers that will not say more mean an address that they do not have.
        ("user-unknown", ["recipient address rejected", "mailbox unavailable", "no longer available", "no longer valid", "user not exist"]),
    ];

    /// <summary>The one word for it; undefined when nothing is recognised.</summary>
    public static string Of(string status, string words)
    {
        var bySubject = status.Length >= 5 ? status[2..] : "";
        var lower = words.ToLowerInvariant();
        switch (bySubject)
        {
            case "1.1" or "1.3" or "1.0" when lower.Contains("user unknown", StringComparison.Ordinal) || !Says(lower, "mailbox-full", "moved", "policy"):
                return Says(lower, "host-unknown") ? "host-unknown" : "user-unknown";
            case "1.2" when !Says(lower, "policy"):
                return "host-unknown";
            case "1.6":
                return "moved";
            case "1.10" or "7.27":
                return "refuses-mail";
            case "1.7" or "1.8":
                return "policy";
            case "2.1" when Says(lower, "user-unknown"):
                return "user-unknown";
            case "2.0" or "2.1" when !Says(lower, "mailbox-full", "policy"):
                return "disabled";
            case "2.2":
                return "mailbox-full";
            case "2.3" or "3.4":
                return "too-large";
            case "4.6":
                return "loop";
            case "4.7":
                return "expired";
            default:
                break;
        }
        if (bySubject.StartsWith("7.", StringComparison.Ordinal))
            return "policy";
        foreach (var (reason, phrases) in s_words)
            if (Array.Exists(phrases, p => lower.Contains(p, StringComparison.Ordinal)))
                return reason;
        return "undefined";
    }

    /// <summary>The address is of no use any more; anything else may pass with time or with another message.</summary>
    public static bool IsHard(string reason, string status) => !status.StartsWith('4') && reason is "user-unknown" or "host-unknown" or "moved" or "refuses-mail";

    /// <summary>A code of RFC 3463 for a report that states none.</summary>
    public static string Status(string reason, string reply)
    {
        var temporary = reply.StartsWith('4');
        var rest = reason switch
        {
            "delivered" => "2.1.5",
            "user-unknown" => "1.1",
            "host-unknown" => "1.2",
            "moved" => "1.6",
            "refuses-mail" => "1.10",
            "disabled" => "2.1",
            "mailbox-full" => "2.2",
            "too-large" => "3.4",
            "loop" => "4.6",
            "expired" => "4.7",
            "network" => "4.1",
            "policy" => "7.1",
            "system" => "3.0",
            _ => "0.0",
        };
        return rest.Length > 4 ? rest : $"{(temporary ? 4 : 5)}.{rest}";
    }

    /// <summary>The first enhanced status code in the words, or empty.</summary>
    public static string StatusIn(string words)
    {
        var codes = s_enhancedCode.Matches(words).Select(m => m.Groups[1].Value).ToList();
        return codes.Find(c => !IsGeneric(c)) ?? codes.FirstOrDefault("");
    }

    /// <summary>The first reply code of SMTP in the words, or empty.</summary>
    public static string ReplyIn(string words) => s_reply.Match(words) is { Success: true } match ? match.Groups[1].Value : "";

    /// <summary>x.y.0 names no cause, x.4.7 only that time ran out: a more particular code beside it says more.</summary>
    public static bool IsGeneric(string status) => status.Length == 0 || status.EndsWith(".0", StringComparison.Ordinal) || status.EndsWith(".4.7", StringComparison.Ordinal);

    private static bool Says(string lower, params ReadOnlySpan<string> reasons)
    {
        foreach (var (reason, phrases) in s_words)
            if (reasons.Contains(reason) && Array.Exists(phrases, p => lower.Contains(p, StringComparison.Ordinal)))
                return true;
        return false;
    }

    private static readonly Regex s_enhancedCode = new(@"(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:$|[^\d.]|\.$|\.\D)", RegexOptions.NonBacktracking);

    private static readonly Regex s_reply = new(@"(?:^|[^\w.:/\-@])([45][0-5]\d)(?:$|[\s\-:;,)\]])", RegexOptions.NonBacktracking);
}
