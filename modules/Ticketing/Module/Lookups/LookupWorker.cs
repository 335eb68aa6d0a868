using System.Net.Sockets;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Http;
using Appliance.Ticketing.Mailings;
using DnsClient;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Ticketing.Lookups;

/// <summary>Asks what was put before it, away from every page: one question at a time, three tries, and the marking is read again before each.</summary>
internal sealed class LookupWorker(Database database, RdapClient rdap, DnsAsker dns, LookupBell bell, TimeProvider time, IServiceScopeFactory scopes, ILogger<LookupWorker> log) : BackgroundService
{
    private const int MostTries = 3;

    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(20);

    private const string Next =
        """
        -- every row: the box asks for all incidents, no person sees the result here
        select l.incident_id, l.kind, l.type, l.value, l.tries,
            (select max(m.pap) from ticketing.incidents i join ticketing.incidents m on m.id = coalesce(i.root_id, i.id) or m.root_id = coalesce(i.root_id, i.id) where i.id = l.incident_id) as pap
        from ticketing.lookups l
        where l.state = 'queued' and l.next_at <= @now
        order by l.next_at
        limit 1
        """;

    private const string Note =
        """
        update ticketing.lookups set state = @state, answered_at = case when @state in ('answered', 'absent') then @now else answered_at end, server = @server,
            answer = case when @state in ('answered', 'absent') then @answer::jsonb else answer end, reason = @reason, tries = @tries, next_at = @next
        where incident_id = @incident and kind = @kind and type = @type and value = @value and state = 'queued'
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var asked = await StepAsync(stoppingToken);
                if (!await FillAsync(stoppingToken) && !asked)
                    await bell.WaitAsync(s_look, time, stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException)
            {
                Log.LookupsInterrupted(log, fault.Message);
                await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Tells a mailing that waits for an answer what came of it; false when none does.</summary>
    internal async Task<bool> FillAsync(CancellationToken cancel)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<FillMailings>().StepAsync(cancel);
    }

    /// <summary>Asks the question that waits longest; false when none does.</summary>
    internal async Task<bool> StepAsync(CancellationToken cancel)
    {
        if (await database.FindAsync<QuestionRow>(Next, new { now = time.GetUtcNow() }, cancel) is not { } question)
            return false;
        var kind = Array.Find(LookupKind.All, k => k.Id == question.Kind)!;
        // The marking may have become stricter since somebody asked.
        if (question.Pap > (short)kind.Most || LookupSubject.Of(question.Type, question.Value) is not { } subject)
        {
            await NoteAsync(question, "failed", new("", []), "pap", question.Tries, cancel);
            return true;
        }
        try
        {
            var answer = kind == LookupKind.Rdap ? await rdap.AskAsync(subject, cancel) : await dns.AskAsync(subject, cancel);
            await NoteAsync(question, answer is null ? "absent" : "answered", answer ?? new("", []), "", question.Tries, cancel);
        }
        catch (Exception fault) when (fault is HttpRequestException or OutgoingRefusedException or OutgoingTooLargeException or TimeoutException or DnsResponseException or JsonException or IOException or SocketException or UriFormatException)
        {
            // A refusal of the address policy does not go away by asking again.
            var tries = fault is OutgoingRefusedException or OutgoingTooLargeException ? MostTries : question.Tries + 1;
            await NoteAsync(question, tries < MostTries ? "queued" : "failed", new("", []), fault.Message, tries, cancel);
        }
        return true;
    }

    private Task NoteAsync(QuestionRow question, string state, LookupAnswer answer, string reason, int tries, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        return database.ExecuteAsync(
            Note,
            new
            {
                state,
                now,
                server = LookupFact.Of("server", answer.Server)?.Value ?? "",
                answer = JsonSerializer.Serialize(answer.Facts).Replace("\\u0000", "", StringComparison.Ordinal),
                reason = LookupFact.Of("reason", reason)?.Value ?? "",
                tries,
                next = now + (s_pause * tries * tries),
                incident = question.IncidentId,
                question.Kind,
                question.Type,
                question.Value,
            },
            cancel);
    }

    private sealed class QuestionRow
    {
        public Guid IncidentId { get; init; }
        public string Kind { get; init; } = "";
        public string Type { get; init; } = "";
        public string Value { get; init; } = "";
        public int Tries { get; init; }
        public short Pap { get; init; }
    }
}
