using System.Globalization;
using System.Net;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Sensing.Rules;

/// <summary>One indicator as stored.</summary>
internal sealed record IndicatorRow(long Sid, string Type, string Value);

/// <summary>Indicators as rules. A value comes from a peer: whatever could end a quoted option is written as hex.</summary>
internal static class IndicatorRules
{
    /// <summary>Types that become rules; hashes wait for file keywords in the engine.</summary>
    public static bool Supports(string type) => type is "ipv4" or "ipv6" or "domain" or "url";

    /// <summary>The rule, or null when the value is not what its type says.</summary>
    public static string? Of(IndicatorRow indicator)
    {
        var message = $"Indicator from a peer: {indicator.Type}";
        var tail = string.Create(CultureInfo.InvariantCulture, $"classtype:trojan-activity; sid:{indicator.Sid}; rev:1;)");
        switch (indicator.Type)
        {
            case "ipv4" or "ipv6" when IPAddress.TryParse(indicator.Value, out var address):
                return $"alert ip any any <> [{address}] any (msg:\"{message}\"; {tail}";
            case "domain" when Name(indicator.Value) is { } name:
                return $"alert dns any any -> any any (msg:\"{message}\"; dns.query; dotprefix; content:\".{Content(name)}\"; nocase; endswith; {tail}";
            case "url" when Uri.TryCreate(indicator.Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && Name(uri.Host) is { } host:
                return $"alert http any any -> any any (msg:\"{message}\"; http.host; content:\"{Content(host)}\"; http.uri; content:\"{Content(uri.PathAndQuery)}\"; {tail}";
            default:
                return null;
        }
    }

    private static string? Name(string value)
    {
        var name = value.Trim().TrimEnd('.').ToLowerInvariant();
        return name.Length is > 3 and <= 253 && name.Contains('.', StringComparison.Ordinal) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? name : null;
    }

    private static string Content(string value)
    {
        var text = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(value))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'.' or (byte)'-' or (byte)'_' or (byte)'/')
                text.Append((char)b);
            else
                text.Append('|').Append(b.ToString("X2", CultureInfo.InvariantCulture)).Append('|');
        }
        return text.ToString();
    }
}

/// <summary>Takes accepted indicators into the next generation.</summary>
internal sealed class IndicatorReceivedHandler : IEventHandler<IndicatorReceived>
{
    private const string Insert =
        """
        insert into sensing.indicators as i (stix_id, peer, type, value, received_at, valid_until, tlp, pap, exercise, named)
        values (@stix, @peer, @Type, @Value, @now, @until, @tlp, @pap, @exercise, @named)
        on conflict (stix_id, type, value) do update set valid_until = excluded.valid_until, received_at = excluded.received_at,
            ended_at = case when i.ended_by is null and (excluded.valid_until is null or excluded.valid_until > excluded.received_at) then null else i.ended_at end
        """;

    public async Task HandleAsync(IndicatorReceived fact, Work work, CancellationToken cancel)
    {
        // PAP:RED forbids anything that could show outside; a passive sensor is allowed from AMBER on, and a RED one stays on the page.
        var usable = fact.Observables.Where(static o => IndicatorRules.Supports(o.Type)).ToList();
        foreach (var observable in usable)
            await work.ExecuteAsync(
                Insert,
                new
                {
                    stix = fact.StixId,
                    peer = fact.Peer.Value,
                    observable.Type,
                    observable.Value,
                    now = work.Now,
                    until = fact.ValidUntil?.UtcDateTime,
                    tlp = (short)fact.Marking.Tlp,
                    pap = (short)fact.Marking.Pap,
                    exercise = fact.Marking.Exercise,
                    named = (fact.Marking.Named ?? []).Select(static u => u.Value).ToArray(),
                },
                cancel);
        if (usable.Count > 0)
            await Generations.WantAsync(work, cancel);
    }
}
