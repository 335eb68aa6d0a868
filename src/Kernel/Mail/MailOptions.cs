namespace Appliance.Kernel.Mail;

/// <summary>Settings of mail, section <c>kernel:mail</c>.</summary>
public sealed class MailOptions
{
    /// <summary>The section.</summary>
    public const string Section = "kernel:mail";

    internal const string WherePossible = "where-possible";
    internal const string RequiredFromAmberStrict = "required-from-amber-strict";
    internal const string RequiredFromAmber = "required-from-amber";
    internal const string Never = "never";

    /// <summary>Address the appliance writes from, until the site has set its organisation's own.</summary>
    public string From { get; set; } = "cirt@localhost.localdomain";

    /// <summary>Name shown beside it.</summary>
    public string FromName { get; set; } = "CIRT";

    /// <summary>
    /// Path and arguments of a sendmail-compatible program; <c>{sender}</c> stands for the address it is from, the recipient is added after <c>--</c>.
    /// Run without a shell. Empty: messages are held in the local outbox.
    /// </summary>
    public string Sendmail { get; set; } = "";

    /// <summary>Longest time the program may take for one recipient.</summary>
    public int HandOverSeconds { get; set; } = 60;

    /// <summary>Hours after which a message that cannot be delivered fails.</summary>
    public int GiveUpHours { get; set; } = 72;

    /// <summary>Maildir (with <c>new</c>, <c>cur</c> and <c>tmp</c>) that a mail server or fetcher delivers into. Empty: no mail is taken in.</summary>
    public string Maildir { get; set; } = "";

    /// <summary>Largest message that is read; larger ones stay in the maildir and are shown as such.</summary>
    public int LargestMegabytes { get; set; } = 25;

    /// <summary>
    /// Folder with the keys of others (OpenPGP: .asc .key .gpg .pgp; certificates: .crt .cer .pem .der) and our own (secret OpenPGP keys; .p12 .pfx, or PEM with its private key),
    /// all without passphrase. Empty: what is signed or encrypted is named and stays closed.
    /// </summary>
    public string Keys { get; set; } = "";

    /// <summary>Whether outgoing mail is signed where the team has a key for its address: always or never.</summary>
    public string Sign { get; set; } = "always";

    /// <summary>
    /// When outgoing mail is encrypted. where-possible: where every recipient has a key. required-from-amber-strict, required-from-amber: also, and what is marked so
    /// or stricter is refused where someone has none. never: only where the sender asks for it.
    /// </summary>
    public string Encrypt { get; set; } = WherePossible;

    /// <summary>Program that parses messages; empty: this very program.</summary>
    public string Parser { get; set; } = "";

    /// <summary>Warmed-up parser processes.</summary>
    public int ParserProcesses { get; set; } = 2;

    /// <summary>Longest time one message may take to parse.</summary>
    public int ParseSeconds { get; set; } = 20;

    /// <summary>Messages after which a parser process is replaced.</summary>
    public int ParserJobs { get; set; } = 500;

    /// <summary>Memory above which a parser process is replaced after its message.</summary>
    public int ParserMegabytes { get; set; } = 400;

    /// <summary>Everything wrong with <paramref name="options"/>, in three parts each.</summary>
    public static IEnumerable<string> Faults(MailOptions options)
    {
        if (!MailAddress.TryRead(options.From, out _, out var why))
            yield return $"kernel:mail:from is not a mail address ({why}): '{options.From}'. Write an address such as cirt@example.org.";
        if (options.Sendmail.Length > 0 && (CommandLine.Split(options.Sendmail) is not [var program, ..] || !Path.IsPathFullyQualified(program)))
            yield return $"kernel:mail:sendmail does not begin with the full path of a program: '{options.Sendmail}'. Write for example /usr/sbin/sendmail -oi -f {{sender}}.";
        if (options.Maildir.Length > 0 && !Path.IsPathFullyQualified(options.Maildir))
            yield return $"kernel:mail:maildir is not a full path: '{options.Maildir}'. Write for example /var/mail/cirt/Maildir.";
        if (options.Keys.Length > 0 && !Directory.Exists(options.Keys))
            yield return $"kernel:mail:keys is not a folder: '{options.Keys}'. Create it or leave the setting empty.";
        if (options.Sign is not ("always" or Never))
            yield return $"kernel:mail:sign is '{options.Sign}'. Choose always or never.";
        if (options.Encrypt is not (WherePossible or RequiredFromAmberStrict or RequiredFromAmber or Never))
            yield return $"kernel:mail:encrypt is '{options.Encrypt}'. Choose where-possible, required-from-amber-strict, required-from-amber or never.";
        if (options.LargestMegabytes is < 1 or > 100)
            yield return $"kernel:mail:largestmegabytes is {options.LargestMegabytes}. Choose 1 to 100.";
        if (options.ParserProcesses is < 1 or > 32)
            yield return $"kernel:mail:parserprocesses is {options.ParserProcesses}. Choose 1 to 32.";
        if (options.ParseSeconds < 1 || options.HandOverSeconds < 1 || options.GiveUpHours < 1 || options.ParserJobs < 1 || options.ParserMegabytes < 64)
            yield return "kernel:mail has a time, count or size below its least value. Use at least 1 second, 1 hour, 1 message and 64 megabytes.";
    }
}
