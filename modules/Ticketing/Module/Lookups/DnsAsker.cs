using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace Appliance.Ticketing.Lookups;

/// <summary>Asks the resolvers of the settings, or the machine's own. Only names and addresses are taken from what they say; nothing of it is dialled. Thread-safe.</summary>
internal sealed class DnsAsker(TicketingOptions options)
{
    private const int MostOfAKind = 8;

    private readonly Lazy<LookupClient> _client = new(() => new LookupClient(
        options.Lookups.Resolvers is { Length: > 0 } named
            ? new LookupClientOptions([.. named.Select(static r => IPEndPoint.Parse(r) is { Port: 0 } plain ? new IPEndPoint(plain.Address, 53) : IPEndPoint.Parse(r))]) { Timeout = s_patience, Retries = 1, UseCache = false }
            : new LookupClientOptions { Timeout = s_patience, Retries = 1, UseCache = false }));

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(4);

    /// <summary>What the name servers say; null when there is no such name.</summary>
    /// <exception cref="DnsResponseException">No resolver answered, or all refused.</exception>
    public async Task<LookupAnswer?> AskAsync(LookupSubject subject, CancellationToken cancel)
    {
        var client = _client.Value;
        if (subject.Address is { } address)
        {
            var reverse = await ReadableAsync(client.QueryReverseAsync(address, cancel));
            return Answered(reverse, reverse.Answers.PtrRecords().Select(static r => LookupFact.Of("ptr", r.PtrDomainName.Value.TrimEnd('.'))));
        }
        var facts = new List<LookupFact?>();
        IDnsQueryResponse? last = null;
        foreach (var type in new[] { QueryType.A, QueryType.AAAA, QueryType.NS, QueryType.MX })
        {
            last = await ReadableAsync(client.QueryAsync(subject.Name!, type, QueryClass.IN, cancel));
            if (last.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain)
                return null;
            Demand(last);
            facts.AddRange(OfName(last.Answers, subject.Name!).Select(static r => r switch
            {
                ARecord a => LookupFact.Of("a", a.Address.ToString()),
                AaaaRecord a => LookupFact.Of("aaaa", a.Address.ToString()),
                NsRecord n => LookupFact.Of("ns", n.NSDName.Value.TrimEnd('.')),
                MxRecord m => LookupFact.Of("mx", m.Exchange.Value.TrimEnd('.')),
                CNameRecord c => LookupFact.Of("cname", c.CanonicalName.Value.TrimEnd('.')),
                _ => null,
            }));
        }
        return Answered(last!, facts);
    }

    /// <summary>What the library throws at a message that lies about itself (another number, lengths beyond its end, names that point at themselves) is of many kinds, some of them its own secret; here it is an answer that nobody gets.</summary>
    private static async Task<IDnsQueryResponse> ReadableAsync(Task<IDnsQueryResponse> asked)
    {
        try
        {
            return await asked;
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or DnsResponseException))
        {
            throw new DnsResponseException("what the resolver sent is no answer to the question", fault);
        }
    }

    /// <summary>Records of the name that was asked about and of the names that it stands for. What a server says of other names is nobody's question.</summary>
    private static IEnumerable<DnsResourceRecord> OfName(IReadOnlyList<DnsResourceRecord> answers, string name)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { name.TrimEnd('.') };
        for (var (more, hops) = (true, 0); more && hops < MostOfAKind; hops++)
            more = answers.OfType<CNameRecord>().Any(c => names.Contains(Owner(c)) && names.Add(c.CanonicalName.Value.TrimEnd('.')));
        return answers.Where(r => names.Contains(Owner(r)));
    }

    private static string Owner(DnsResourceRecord record) => record.DomainName.Value.TrimEnd('.');

    private static LookupAnswer? Answered(IDnsQueryResponse response, IEnumerable<LookupFact?> facts)
    {
        if (response.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain)
            return null;
        Demand(response);
        return new(response.NameServer.Address, [.. facts.OfType<LookupFact>().Distinct().GroupBy(static f => f.Key).SelectMany(static g => g.Take(MostOfAKind))]);
    }

    private static void Demand(IDnsQueryResponse response)
    {
        if (response.HasError)
            throw new DnsResponseException($"{response.NameServer.Address} answered {response.ErrorMessage}");
    }
}
