namespace Appliance.Kernel.Mail;

/// <summary>A report about abuse in a form that machines write. Everything in it was written by a stranger.</summary>
public sealed record AbuseReport
{
    /// <summary>arf (RFC 5965), xarf (JSON of version 3 or 4, or the older text form), csv (Shadowserver and others), notice (mail of a known notifier in its own words).</summary>
    public required string Format { get; init; }

    /// <summary>Version of the format, or null.</summary>
    public string? Version { get; init; }

    /// <summary>False when the format's own rules are broken: held for a person.</summary>
    public bool Valid { get; init; } = true;

    /// <summary>Which rules are broken.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Who sends such mail (shadowserver, netcraft, feedback-loop …), or null.</summary>
    public string? Notifier { get; init; }

    /// <summary>Class of the incident as the format names it.</summary>
    public string? Category { get; init; }

    /// <summary>Its type within the class.</summary>
    public string? Type { get; init; }

    /// <summary>The sender's number for it.</summary>
    public string? ReportId { get; init; }

    /// <summary>Address or URL that the abuse came from.</summary>
    public string? Source { get; init; }

    /// <summary>When it happened, as written.</summary>
    public string? Time { get; init; }

    /// <summary>The fields that the report states.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Fields { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>For arf: the fields in their usual form.</summary>
    public FeedbackFields? Feedback { get; init; }
}

/// <summary>The fields of RFC 5965, 6591 and 6692. Absent ones are null, empty or 0.</summary>
public sealed record FeedbackFields
{
    /// <summary>abuse, fraud, virus, auth-failure, not-spam, other, lower case.</summary>
    public string FeedbackType { get; init; } = "";

    /// <summary>Seconds since 1970.</summary>
    public long? ArrivalDate { get; init; }

    /// <summary>Authentication-Results, all of them.</summary>
    public IReadOnlyList<string> AuthenticationResults { get; init; } = [];

    /// <summary>How many messages it stands for.</summary>
    public int Incidents { get; init; } = 1;

    /// <summary>Original-Envelope-Id.</summary>
    public string? OriginalEnvelopeId { get; init; }

    /// <summary>Original-Mail-From.</summary>
    public string? OriginalMailFrom { get; init; }

    /// <summary>Original-Rcpt-To, the first.</summary>
    public string? OriginalRcptTo { get; init; }

    /// <summary>Reported-Domain, all of them.</summary>
    public IReadOnlyList<string> ReportedDomain { get; init; } = [];

    /// <summary>Reported-URI, all of them.</summary>
    public IReadOnlyList<string> ReportedUri { get; init; } = [];

    /// <summary>Reporting-MTA without its type.</summary>
    public string? ReportingMta { get; init; }

    /// <summary>Source-IP.</summary>
    public string? SourceIp { get; init; }

    /// <summary>Source-Port.</summary>
    public int SourcePort { get; init; }

    /// <summary>User-Agent.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Version, 1 or above.</summary>
    public int Version { get; init; }

    /// <summary>Auth-Failure, lower case (adsp, bodyhash, revoked, signature, spf, dmarc).</summary>
    public string? AuthFailure { get; init; }

    /// <summary>Delivery-Result, lower case.</summary>
    public string? DeliveryResult { get; init; }

    /// <summary>Identity-Alignment, lower case.</summary>
    public string? IdentityAlignment { get; init; }

    /// <summary>DKIM-ADSP-DNS.</summary>
    public string? DkimAdspDns { get; init; }

    /// <summary>DKIM-Domain.</summary>
    public string? DkimDomain { get; init; }

    /// <summary>DKIM-Identity.</summary>
    public string? DkimIdentity { get; init; }

    /// <summary>DKIM-Selector.</summary>
    public string? DkimSelector { get; init; }

    /// <summary>DKIM-Selector-DNS.</summary>
    public string? DkimSelectorDns { get; init; }

    /// <summary>DKIM-Canonicalized-Header, base64 decoded.</summary>
    public string? DkimCanonicalizedHeader { get; init; }

    /// <summary>DKIM-Canonicalized-Body, base64 decoded.</summary>
    public string? DkimCanonicalizedBody { get; init; }

    /// <summary>SPF-DNS.</summary>
    public string? SpfDns { get; init; }
}
