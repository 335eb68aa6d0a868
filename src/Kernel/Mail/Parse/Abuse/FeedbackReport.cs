using System.Globalization;
using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Brings the fields of a feedback report (RFC 5965) into their usual form.</summary>
internal static class FeedbackReport
{
    public static AbuseReport Of(IReadOnlyDictionary<string, IReadOnlyList<string>> fields)
    {
        var feedback = new FeedbackFields
        {
            FeedbackType = (First("Feedback-Type") ?? "").ToLowerInvariant(),
            ArrivalDate = Time(First("Arrival-Date") ?? First("Received-Date")),
            AuthenticationResults = All("Authentication-Results"),
            Incidents = Number(First("Incidents")) is > 0 and var incidents ? incidents : 1,
            OriginalEnvelopeId = First("Original-Envelope-Id"),
            OriginalMailFrom = First("Original-Mail-From"),
            OriginalRcptTo = First("Original-Rcpt-To"),
            ReportedDomain = All("Reported-Domain"),
            ReportedUri = [.. All("Reported-URI").Select(u => u.Trim('<', '>'))],
            ReportingMta = First("Reporting-MTA") is { } mta ? mta[(mta.IndexOf(';', StringComparison.Ordinal) + 1)..].Trim() : null,
            SourceIp = First("Source-IP")?.Trim('[', ']'),
            SourcePort = Number(First("Source-Port")),
            UserAgent = First("User-Agent"),
            Version = Number(First("Version")),
            AuthFailure = First("Auth-Failure")?.ToLowerInvariant(),
            DeliveryResult = First("Delivery-Result")?.ToLowerInvariant(),
            IdentityAlignment = First("Identity-Alignment")?.ToLowerInvariant(),
            DkimAdspDns = First("DKIM-ADSP-DNS"),
            DkimDomain = First("DKIM-Domain"),
            DkimIdentity = First("DKIM-Identity"),
            DkimSelector = First("DKIM-Selector"),
            DkimSelectorDns = First("DKIM-Selector-DNS"),
            DkimCanonicalizedHeader = Decoded(First("DKIM-Canonicalized-Header")),
            DkimCanonicalizedBody = Decoded(First("DKIM-Canonicalized-Body")),
            SpfDns = First("SPF-DNS"),
        };
        return new AbuseReport
        {
            Format = "arf",
            Version = First("Version"),
            Valid = feedback.FeedbackType.Length > 0,
            Faults = feedback.FeedbackType.Length > 0 ? [] : ["Feedback-Type is missing"],
            Category = "messaging",
            Type = feedback.FeedbackType,
            Source = feedback.SourceIp,
            Time = First("Arrival-Date") ?? First("Received-Date"),
            Fields = fields,
            Feedback = feedback,
        };

        string? First(string name) => All(name) is [var first, ..] && first.Length > 0 ? first : null;

        IReadOnlyList<string> All(string name) => fields.GetValueOrDefault(name) ?? [];
    }

    private static int Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static unsafe long? Time(string? text)
    {
        if (text is null)
            return null;
        var bytes = Encoding.ASCII.GetBytes(text.ReplaceLineEndings(" ") + "\0");
        fixed (byte* first = bytes)
        {
            var date = GMime.DecodeDate(first);
            if (date == 0)
                return null;
            var seconds = GMime.UnixTime(date);
            GMime.ReleaseDate(date);
            return seconds;
        }
    }

    private static string? Decoded(string? text) => text is null ? null : Charsets.Decode(TransferCoding.Base64(Encoding.ASCII.GetBytes(text)), null);
}
