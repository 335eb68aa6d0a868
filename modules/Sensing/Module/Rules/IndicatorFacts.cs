using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Sensing.Rules;

/// <summary>Takes accepted indicators into the next generation.</summary>
internal sealed class IndicatorReceivedHandler : IEventHandler<IndicatorReceived>
{
    public async Task HandleAsync(IndicatorReceived fact, Work work, CancellationToken cancel)
    {
        if (await KnownIndicators.AddAsync(work, new(fact.StixId, fact.Peer.Value, null, ""), fact.Observables, fact.ValidUntil, fact.Marking, cancel) > 0)
            await Generations.WantAsync(work, cancel);
    }
}

/// <summary>What an advisory names is looked for on the country's own sensors, for as many days as the settings say; a new revision replaces what the one before named.</summary>
internal sealed class AdvisoryIndicators(SensingOptions options) : IEventHandler<AdvisoryPublished>
{
    private const string EndOthers =
        """
        -- every row: the advisory itself takes back what it named
        update sensing.indicators set ended_at = @now
        where advisory = @advisory and ended_at is null and (type, value) not in (select * from unnest(@types::text[], @values::text[]))
        """;

    public async Task HandleAsync(AdvisoryPublished fact, Work work, CancellationToken cancel)
    {
        if (options.AdvisoryIndicatorDays == 0)
            return;
        var advisory = fact.Advisory.Value;
        var ended = await work.ExecuteAsync(
            EndOthers,
            new { now = work.Now, advisory, types = fact.Observables.Select(static o => o.Type).ToArray(), values = fact.Observables.Select(static o => o.Value).ToArray() },
            cancel);
        var until = work.Now.AddDays(options.AdvisoryIndicatorDays);
        var added = await KnownIndicators.AddAsync(work, new($"advisory--{advisory}", null, advisory, fact.Number), fact.Observables, until, fact.Marking, cancel);
        if (ended + added > 0)
            await Generations.WantAsync(work, cancel);
    }
}

/// <summary>Who named an indicator: a peer by its STIX id, or an advisory by its number.</summary>
internal sealed record IndicatorOrigin(string Id, Guid? Peer, Guid? Advisory, string Number);

/// <summary>Writes what is to be looked for.</summary>
internal static class KnownIndicators
{
    private const string Insert =
        """
        insert into sensing.indicators as i (stix_id, peer, advisory, origin, type, value, key, received_at, valid_until, tlp, pap, exercise, named)
        values (@Id, @Peer, @Advisory, @Number, @type, @value, @key, @now, @until, @tlp, @pap, @exercise, @named)
        on conflict (stix_id, type, value) do update set valid_until = excluded.valid_until, received_at = excluded.received_at, key = excluded.key,
            tlp = excluded.tlp, pap = excluded.pap, exercise = excluded.exercise, named = excluded.named,
            ended_at = case when i.ended_by is null and (excluded.valid_until is null or excluded.valid_until > excluded.received_at) then null else i.ended_at end
        """;

    /// <summary>Adds or prolongs those that a sensor can look for; answers how many there were.</summary>
    public static async Task<int> AddAsync(Work work, IndicatorOrigin origin, IEnumerable<Observable> observables, DateTimeOffset? until, Marking marking, CancellationToken cancel)
    {
        var usable = observables.Where(static o => IndicatorKeys.Supports(o.Type)).ToList();
        foreach (var observable in usable)
            await work.ExecuteAsync(
                Insert,
                new
                {
                    origin.Id,
                    origin.Peer,
                    origin.Advisory,
                    origin.Number,
                    type = observable.Type,
                    value = observable.Value,
                    key = IndicatorKeys.Of(observable.Type, observable.Value),
                    now = work.Now,
                    until = until?.UtcDateTime,
                    tlp = (short)marking.Tlp,
                    pap = (short)marking.Pap,
                    exercise = marking.Exercise,
                    named = (marking.Named ?? []).Select(static u => u.Value).ToArray(),
                },
                cancel);
        return usable.Count;
    }
}
