using System.Net;
using System.Text.Json;
using Appliance.Kernel.Http;

namespace Appliance.Ticketing.Lookups;

/// <summary>Asks the registries (RFC 9082) through the one way out. Thread-safe.</summary>
internal sealed class RdapClient(OutgoingHttp http, RdapBootstrap bootstrap)
{
    private const int MostLabels = 5;

    private static readonly OutgoingLimits s_limits = new(2 << 20, TimeSpan.FromSeconds(20));

    /// <summary>What the registry says; null when it knows nothing of it.</summary>
    /// <exception cref="HttpRequestException">It answered something else than RDAP wants.</exception>
    public async Task<LookupAnswer?> AskAsync(LookupSubject subject, CancellationToken cancel)
    {
        // Registries know what was registered, not every host below it: the labels in front are left out one by one.
        foreach (var asked in Registrable(subject))
        {
            if (await bootstrap.FindAsync(asked, cancel) is not { } place)
                return null;
            var server = place.Server.AbsoluteUri.EndsWith('/') ? place.Server : new Uri(place.Server.AbsoluteUri + "/");
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, place.Path));
            request.Headers.TryAddWithoutValidation("Accept", "application/rdap+json, application/json;q=0.5");
            await using var answer = await http.SendAsync(request, s_limits, cancel);
            if (answer.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
                continue;
            if (!answer.Response.IsSuccessStatusCode)
                throw new HttpRequestException($"{answer.Address.Host} answered {(int)answer.Response.StatusCode}", null, answer.Response.StatusCode);
            using var document = JsonDocument.Parse(await answer.ReadAllAsync());
            return new(answer.Address.Host, RdapFacts.Of(document.RootElement));
        }
        return null;
    }

    private static IEnumerable<LookupSubject> Registrable(LookupSubject subject)
    {
        if (subject.Name is not { } name)
        {
            yield return subject;
            yield break;
        }
        var labels = name.Split('.');
        for (var from = Math.Max(0, labels.Length - MostLabels); from <= labels.Length - 2; from++)
            yield return new(Name: string.Join('.', labels[from..]));
    }
}
